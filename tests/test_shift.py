"""Two-sample tests: a shift between two tables is found where there is one, and only there."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from stages.common.messages import BadInput
from stages.lab import shift


@pytest.fixture(scope="module")
def corpus_rows(corpus):
    return pq.read_table(corpus).to_pandas().sample(6000, random_state=0, ignore_index=True)


KINDS = "template", "a", "b", "c", "length", "answer", "everything"


@pytest.mark.parametrize("of", KINDS)
def test_no_shift_is_found_where_there_is_none(corpus_rows, of):
    found = shift.compare(corpus_rows[:3000], corpus_rows[3000:], of)
    assert found["p_value"] > 0.01
    assert found["rows"] == (corpus_rows["c"].notna().sum() if of == "c" else 6000)


@pytest.mark.parametrize("of", KINDS)
def test_a_shift_is_found(corpus_rows, of):
    """One table has the rows without parentheses and with small operands and answers, the other has the rest."""
    small = (corpus_rows[["a", "b"]].max(axis=1) < 30) & ~(corpus_rows["c"] > 30) & (corpus_rows["tgt"] < 500)
    short = small & ~corpus_rows["template"].astype(str).str.contains(r"\(")
    found = shift.compare(corpus_rows[short], corpus_rows[~short], of)
    assert found["p_value"] < 1e-6


def test_a_classifier_that_cannot_err_and_one_that_can_only_guess(corpus_rows):
    negative = corpus_rows["tgt"] < 0
    assert shift.compare(corpus_rows[negative], corpus_rows[~negative], "everything")["auc"] > 0.999
    found = shift.compare(corpus_rows[:3000], corpus_rows[3000:], "everything")
    assert abs(found["auc"] - 0.5) < 3 * found["error"]
    assert found["error"] == pytest.approx(np.sqrt(3001 / (12 * 1500 * 1500)))


def test_an_unknown_property_is_refused(corpus_rows):
    with pytest.raises(BadInput, match="unknown property 'd'; use one of template, a, b, c"):
        shift.compare(corpus_rows, corpus_rows, "d")


def test_cramers_v_is_one_for_disjoint_templates(corpus_rows):
    sums = corpus_rows["template"].astype(str).str.startswith("a+b")
    assert shift.compare(corpus_rows[sums], corpus_rows[~sums], "template")["distance"] == pytest.approx(1)
