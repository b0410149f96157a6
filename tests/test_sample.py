"""Samples without replacement, and splits that are disjoint and reproducible."""

import re
import subprocess
import sys
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, stage, write_params
from hypothesis import given
from hypothesis import strategies as st

from stages.arithmetic import twins
from stages.common import params, tables
from stages.sample import SPLITS, by_operands, by_rows

SIZES = {"single_digit": "all", "two_digit": 21_075, "without_1": 20_288, "full": 20_566}
KEYS = np.random.default_rng(0).integers(0, 300, 5000)  # 300 multisets of operands, about 17 rows each


def test_committed_sizes(committed):
    config = params.read(committed)
    assert {name: dataset.sample for name, dataset in config.datasets.items()} == SIZES
    assert {dataset.split for dataset in config.datasets.values()} == {"rows"}
    assert config.valid_share == 0.1
    assert get_args(params.Split) == tuple(SPLITS)


@pytest.mark.parametrize(
    ("rows", "size", "train", "valid"),
    [(21_300, "all", 19_170, 2_130), (1_348_800, 21_075, 18_967, 2_108), (2, 2, 1, 1)],
)
def test_split_is_disjoint_and_whole(rows, size, train, valid):
    split = by_rows(np.zeros(rows), size, 0.1, seed=42)
    both = np.concatenate(split)
    assert list(map(len, split)) == [train, valid]
    assert len(set(both.tolist())) == len(both)
    assert 0 <= both.min() <= both.max() < rows


@given(st.sampled_from(["all", 2, 40, 900, 4000]), st.floats(0.1, 0.5), st.integers(0, 2**32 - 1))
def test_the_same_operands_are_on_one_side(size, share, seed):
    train, valid = by_operands(KEYS, size, share, seed)
    assert not set(KEYS[train]) & set(KEYS[valid])
    both = np.concatenate([train, valid])
    assert len(set(both.tolist())) == len(both)
    sizes = [len(side) for side in by_rows(KEYS, size, share, seed)]
    if size == "all":
        assert len(both) == len(KEYS)
        assert 0 <= len(valid) - sizes[1] < np.bincount(KEYS).max()
    else:
        assert [len(train), len(valid)] == sizes


@pytest.mark.parametrize("split", SPLITS.values())
def test_the_seed_draws_from_all_rows(split):
    first, again, other = (split(KEYS, 900, 0.1, seed) for seed in (1, 1, 2))
    assert all(map(np.array_equal, first, again))
    assert set(first[1].tolist()) != set(other[1].tolist())
    few = np.arange(20)
    for side in (0, 1):
        assert {row for seed in range(60) for row in split(few, 10, 0.5, seed)[side].tolist()} == set(range(20))


@pytest.mark.parametrize("size", ["all", 4])
def test_operands_that_cannot_be_split(size):
    with pytest.raises(ValueError, match="the operands leave 0 and 5 rows"):
        by_operands(np.zeros(5), size, 0.5, seed=1)


@pytest.fixture
def subset(corpus, tmp_path):
    """A subset in three row groups whose templates have different dictionaries."""
    table = pq.read_table(corpus)
    starts = {"a*(b-c)": len(table) - 90_000, "a*b": 0, "a+b+c": 5_000}
    path = tmp_path / "subset.parquet"
    with tables.writer(path, tables.EXPRESSIONS) as out:
        for first, start in starts.items():
            rows = table.slice(start, 2_000)
            names = rows["template"].combine_chunks().cast(pa.string())
            dictionary = pa.array(dict.fromkeys([first, *names.to_pylist()]))
            codes = pa.DictionaryArray.from_arrays(pc.index_in(names, dictionary), dictionary)
            out.write_table(rows.set_column(3, "template", codes))
    return path


def sampled(subset, size, split="rows", **changes):
    """The stage's process and its three files, with params.yaml in the subset's folder."""
    datasets, folder = {"small": {"rule": {}, "sample": size, "split": split}}, subset.parent
    runs = {"small-lstm": {"dataset": "small", "cell": "lstm"}}
    config = write_params(folder / "params.yaml", datasets=datasets, runs=runs, **changes)
    paths = [folder / f"{part}.parquet" for part in ("train", "valid", "test")]
    return stage("sample", config, "small", subset, *paths), paths


@pytest.mark.parametrize("size", [2, 500, 6_000, "all"])
def test_the_files_equal_those_of_a_subset_in_memory(size, subset, tmp_path):
    """They follow from `sample_seed`, not from the training's seed."""
    whole, expected = tables.read_table(subset), tmp_path / "expected.parquet"
    drawn = *by_rows(np.zeros(len(whole)), size, 0.1, seed=42), np.arange(0)
    for seed in (1, 2):
        done, paths = sampled(subset, size, seed=seed)
        assert (done.returncode, done.stderr) == (0, "")
        for path, rows in zip(paths, drawn, strict=True):
            tables.write_table(expected, whole.take(rows))
            assert path.read_bytes() == expected.read_bytes()
            assert pq.read_table(path).to_pylist() == pq.read_table(subset).take(rows).to_pylist()


def test_a_split_by_operands_in_files(subset):
    done, paths = sampled(subset, 3000, "operands")
    assert done.returncode == 0
    sides = [pq.read_table(path).to_pylist() for path in paths]
    assert list(map(len, sides)) == [2700, 300, 0]
    train, valid, _ = ({tuple(sorted(str(row[letter]) for letter in "abc")) for row in side} for side in sides)
    assert not train & valid


@pytest.mark.parametrize(
    ("size", "split", "words"),
    [
        (99_999, "rows", "must be at most 6000, the rows of "),
        (6_000, "operands", "the operands leave "),
    ],
)
def test_samples_that_cannot_be_drawn(size, split, words, subset):
    done, paths = sampled(subset, size, split)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"sample: {subset.with_name('params.yaml')}: datasets.small.sample: {words}")
    assert not any(path.exists() for path in paths)


def test_memory_does_not_grow_with_the_subset(corpus):
    code = f"""
import numpy as np, pyarrow as pa
from pathlib import Path
from stages.sample import operand_keys, pick
path = Path({str(corpus)!r})
print(len(operand_keys(path)), len(pick(path, np.arange(0, 2_632_500, 100))), pa.default_memory_pool().max_memory())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    rows, picked, peak = map(int, done.stdout.split())
    assert (rows, picked) == (2_632_500, 26_325)
    assert peak < pq.read_table(corpus).nbytes / 4


@pytest.mark.parametrize("split", ["rows", "operands"])
def test_test_rows_are_apart_from_the_sample(split, subset):
    done, paths = sampled(subset, 3_000, split, test_share=0.2)
    assert (done.returncode, done.stderr) == (0, "")
    train, valid, test = (pq.read_table(path) for path in paths)
    assert (len(train), len(valid)) == (2_700, 300)
    assert len(test) == pytest.approx(1_200, abs=0 if split == "rows" else 40)
    key = (lambda table: table["src"].to_pylist()) if split == "rows" else twins.keys
    sides = [set(np.asarray(key(table)).tolist()) for table in (train, valid, test)]
    assert not sides[0] & sides[1]
    assert not sides[2] & (sides[0] | sides[1])
    done, _ = sampled(subset, 5_000, split, test_share=0.2)
    assert re.search(
        r"datasets\.small\.sample: must be at most 4\d{3}, the rows of .* without 1\d{3} test rows", done.stderr
    )
