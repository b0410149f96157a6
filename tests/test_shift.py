"""Two-sample tests: a shift between two tables is found where there is one, and only there."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from stages.studies import shift


@pytest.fixture(scope="module")
def rows(corpus):
    return pq.read_table(corpus).to_pandas().sample(6000, random_state=0, ignore_index=True)


@pytest.mark.parametrize("of", ["template", "a", "b", "c", "length", "answer", "everything"])
def test_a_shift_is_found_only_where_there_is_one(rows, of):
    """One table has the rows without parentheses and with small operands and answers, the other has the rest."""
    same = shift.compare(rows[:3000], rows[3000:], of)
    assert same["p_value"] > 0.01
    assert same["rows"] == (rows["c"].notna().sum() if of == "c" else 6000)
    small = (rows[["a", "b"]].max(axis=1) < 30) & ~(rows["c"] > 30) & (rows["tgt"] < 500)
    short = small & ~rows["template"].astype(str).str.contains(r"\(")
    assert shift.compare(rows[short], rows[~short], of)["p_value"] < 1e-6


def test_a_classifier_that_cannot_err_and_one_that_can_only_guess(rows):
    negative = rows["tgt"] < 0
    assert shift.compare(rows[negative], rows[~negative], "everything")["auc"] > 0.999
    guess = shift.compare(rows[:3000], rows[3000:], "everything")
    assert abs(guess["auc"] - 0.5) < 3 * guess["error"]
    assert guess["error"] == pytest.approx(np.sqrt(3001 / (12 * 1500 * 1500)))


def test_cramers_v_is_one_for_disjoint_templates(rows):
    sums = rows["template"].astype(str).str.startswith("a+b")
    assert shift.compare(rows[sums], rows[~sums], "template")["distance"] == pytest.approx(1)
