"""Rules keep the right rows, counted by an independent reading of `src`."""

import re

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import stage, write_params

from stages.common import params, tables
from stages.subset import subset


def operands(src):
    return [int(number) for number in re.findall("[0-9]+", src)]


# What `src` must not match, as a regular expression, and the number of rows that are left
DATASETS = {
    "single_digit": ("[0-9]{2}", 21_300),
    "two_digit": (r"\b[0-9]\b", 1_348_800),
    "without_1": ("1", 983_664),
    "full": ("x", 2_632_500),
}


@pytest.mark.parametrize("name", DATASETS)
def test_the_four_datasets(name, committed, corpus, tmp_path):
    unwanted, count = DATASETS[name]
    assert params.read(committed).datasets.keys() == DATASETS.keys()
    path = tmp_path / f"{name}.parquet"
    assert stage("subset", committed, name, corpus, path).returncode == 0
    kept, whole = pq.read_table(path), pq.read_table(corpus)
    assert kept.schema == tables.EXPRESSIONS
    assert len(kept) == count
    expected = whole.filter(pc.invert(pc.match_substring_regex(whole["src"], unwanted)))
    assert kept.select(["src", "tgt"]).equals(expected.select(["src", "tgt"]))


@pytest.fixture(scope="module")
def rows(corpus):
    table = pq.read_table(corpus)
    return table.take(list(range(0, len(table), 997))).combine_chunks().to_batches()[0]


@pytest.mark.parametrize(
    ("rule", "keeps"),
    [
        ({"min": 5, "max": 20}, lambda src: all(5 <= number <= 20 for number in operands(src))),
        ({"min": 30}, lambda src: min(operands(src)) >= 30),
        ({"without": "7"}, lambda src: "7" not in src),
        ({"without": "1-3"}, lambda src: not set(src) & set("1-3")),
        ({"max": 30, "without": "0("}, lambda src: max(operands(src)) <= 30 and not set(src) & set("0(")),
    ],
)
def test_rules_anyone_may_add(rows, rule, keeps):
    kept = subset(rows, params.Rule(**rule))["src"].to_pylist()
    assert kept == [src for src in rows["src"].to_pylist() if keeps(src)]
    assert 0 < len(kept) < len(rows)


def test_a_rule_that_leaves_nothing(corpus, tmp_path):
    config = write_params(
        tmp_path / "params.yaml",
        datasets={"none": {"rule": {"min": 50}, "sample": "all", "split": "rows"}},
        runs={"none-gru": {"dataset": "none", "cell": "gru"}},
    )
    path = tmp_path / "none.parquet"
    path.write_text("earlier")
    done = stage("subset", config, "none", corpus, path)
    expected = f"subset: {config}: datasets.none.rule: must keep some rows of {corpus}\n"
    assert (done.returncode, done.stderr) == (1, expected)
    assert path.read_text() == "earlier"
