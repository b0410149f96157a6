"""Rules keep the right rows, counted by an independent reading of `src`."""

import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import stage, write_params

from stages.common import params, tables
from stages.subset import subset


def written(src: str) -> list[str]:
    return re.findall(r"[0-9]+", src)


RULES = {
    "single_digit": (21_300, lambda src: all(len(n) == 1 for n in written(src))),
    "two_digit": (1_348_800, lambda src: all(len(n) == 2 for n in written(src))),
    "without_1": (983_664, lambda src: "1" not in src),
    "full": (2_632_500, lambda src: True),
}


@pytest.mark.parametrize("name", RULES)
def test_the_four_datasets(name, committed, corpus, tmp_path):
    count, rule = RULES[name]
    path = tmp_path / f"{name}.parquet"
    assert stage("subset", committed, name, corpus, path).returncode == 0
    kept = pq.read_table(path)
    assert len(kept) == count
    assert kept["src"].to_pylist() == [src for src in pq.read_table(corpus)["src"].to_pylist() if rule(src)]
    assert kept.schema == tables.EXPRESSIONS


def test_the_committed_datasets_are_these_four(committed):
    assert set(params.read(committed).datasets) == set(RULES)


@pytest.fixture(scope="module")
def some(corpus):
    table = pq.read_table(corpus)
    return table.take(list(range(0, len(table), 997))).combine_chunks().to_batches()[0]


@pytest.mark.parametrize(
    ("rule", "keeps"),
    [
        ({"min": 5, "max": 20}, lambda src: all(5 <= int(n) <= 20 for n in written(src))),
        ({"min": 30}, lambda src: all(int(n) >= 30 for n in written(src))),
        ({"without": "7"}, lambda src: "7" not in src),
        ({"without": "()-"}, lambda src: not set(src) & set("()-")),
        (
            {"max": 30, "without": "0+"},
            lambda src: all(int(n) <= 30 for n in written(src)) and not set(src) & set("0+"),
        ),
    ],
)
def test_rules_anyone_may_add(some, rule, keeps):
    kept = subset(some, params.Rule(**rule))["src"].to_pylist()
    assert kept == [src for src in some["src"].to_pylist() if keeps(src)]
    assert 0 < len(kept) < len(some)


def test_the_answer_does_not_matter(some):
    other = some.set_column(1, "tgt", pa.array([1] * len(some), pa.int32()))
    rule = params.Rule(without="1")
    assert subset(other, rule)["src"] == subset(some, rule)["src"]


def test_a_rule_that_leaves_nothing(corpus, tmp_path):
    config = write_params(
        tmp_path / "params.yaml",
        datasets={"none": {"rule": {"min": 50}, "sample": "all", "split": "rows"}},
        runs={"none-gru": {"dataset": "none", "cell": "gru"}},
    )
    path = tmp_path / "none.parquet"
    path.write_text("earlier")
    done = stage("subset", config, "none", corpus, path)
    assert done.returncode == 1
    assert done.stderr == f"subset: {config}: datasets.none.rule: must keep some rows of {corpus}\n"
    assert path.read_text() == "earlier"
