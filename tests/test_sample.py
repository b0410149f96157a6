"""Samples without replacement, and splits that are disjoint and reproducible."""

import subprocess
import sys
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, stage, write_params

from stages.common import params, tables
from stages.sample import SPLITS, by_rows

SIZES = {"single_digit": "all", "two_digit": 21_075, "without_1": 20_288, "full": 20_566}
ONE_RUN = {"small-lstm": {"dataset": "small", "cell": "lstm"}}


def test_committed_sizes(committed):
    config = params.read(committed)
    assert {name: dataset.sample for name, dataset in config.datasets.items()} == SIZES
    assert {dataset.split for dataset in config.datasets.values()} == {"rows"}
    assert config.valid_share == 0.1


def sample(rows, size, share, seed):
    """The split by rows, of so many rows."""
    return by_rows(np.zeros(rows), size, share, seed)


@pytest.mark.parametrize(
    ("rows", "size", "train", "valid"),
    [(21_300, "all", 19_170, 2_130), (1_348_800, 21_075, 18_967, 2_108), (2, 2, 1, 1)],
)
def test_split_is_disjoint_and_whole(rows, size, train, valid):
    one, other = sample(rows, size, 0.1, seed=42)
    both = np.concatenate([one, other])
    assert (len(one), len(other)) == (train, valid)
    assert len(set(both.tolist())) == len(both)
    assert 0 <= both.min()
    assert both.max() < rows


def test_the_same_seed_draws_the_same_rows():
    first, again, other = (sample(1000, 100, 0.1, seed) for seed in (1, 1, 2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert set(first[0].tolist()) != set(other[0].tolist())


def test_every_row_can_be_drawn():
    drawn = set()
    for seed in range(60):
        drawn |= set(np.concatenate(sample(20, 5, 0.2, seed)).tolist())
    assert drawn == set(range(20))


@pytest.fixture
def small(corpus, tmp_path):
    config = write_params(tmp_path / "params.yaml")
    path = tmp_path / "small.parquet"
    assert stage("subset", config, "small", corpus, path).returncode == 0
    return config, path


def test_files(small, tmp_path):
    config, subset = small
    for folder in ("one", "two"):
        paths = tmp_path / folder / "train.parquet", tmp_path / folder / "valid.parquet"
        assert stage("sample", config, "small", subset, *paths).returncode == 0
    train, valid = (pq.read_table(tmp_path / "one" / f"{name}.parquet") for name in ("train", "valid"))
    assert (len(train), len(valid)) == (54, 6)
    sources = train["src"].to_pylist() + valid["src"].to_pylist()
    assert len(set(sources)) == 60
    assert set(sources) <= set(pq.read_table(subset)["src"].to_pylist())
    for name in ("train", "valid"):
        one, two = (tmp_path / folder / f"{name}.parquet" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_the_root_seed_does_not_touch_the_rows(small, tmp_path):
    _, subset = small
    found = []
    for seed in (1, 2):
        config = write_params(tmp_path / f"{seed}.yaml", seed=seed)
        path = tmp_path / f"{seed}.parquet"
        assert stage("sample", config, "small", subset, path, tmp_path / "valid.parquet").returncode == 0
        found.append(path.read_bytes())
    assert found[0] == found[1]


def test_more_rows_than_there_are(small, tmp_path):
    _, subset = small
    datasets = {"small": {"rule": {"max": 9}, "sample": 99_999, "split": "rows"}}
    config = write_params(tmp_path / "big.yaml", datasets=datasets, runs=ONE_RUN)
    done = stage("sample", config, "small", subset, tmp_path / "t.parquet", tmp_path / "v.parquet")
    assert done.returncode == 1
    assert (
        done.stderr
        == f"sample: {config}: datasets.small.sample: must be at most 21300, the rows of {subset} (found 99999)\n"
    )
    assert not (tmp_path / "t.parquet").exists()


@pytest.fixture
def mixed(corpus, tmp_path):
    """A subset in three row groups whose templates have different dictionaries."""
    table = pq.read_table(corpus)
    starts = {"a*(b-c)": len(table) - 90_000, "a*b": 0, "a+b+c": 5_000}
    path = tmp_path / "mixed.parquet"
    with tables.writer(path, tables.EXPRESSIONS) as out:
        for first, start in starts.items():
            rows = table.slice(start, 2_000)
            names = rows["template"].combine_chunks().cast(pa.string())
            dictionary = pa.array(dict.fromkeys([first, *names.to_pylist()]))
            codes = pa.DictionaryArray.from_arrays(pc.index_in(names, dictionary), dictionary)
            out.write_table(rows.set_column(3, "template", codes))
    return path


@pytest.mark.parametrize("size", [2, 500, 6_000, "all"])
def test_the_files_equal_those_of_a_subset_in_memory(size, mixed, tmp_path):
    config = write_params(
        tmp_path / "params.yaml", datasets={"small": {"rule": {}, "sample": size, "split": "rows"}}, runs=ONE_RUN
    )
    paths = tmp_path / "train.parquet", tmp_path / "valid.parquet"
    assert stage("sample", config, "small", mixed, *paths).returncode == 0
    whole, expected = pq.read_table(mixed), tmp_path / "expected.parquet"
    for path, rows in zip(paths, sample(len(whole), size, 0.1, seed=42), strict=True):
        assert pq.read_table(path).to_pylist() == whole.take(rows).to_pylist()
        tables.write_table(expected, tables.read_table(mixed).take(rows))
        assert path.read_bytes() == expected.read_bytes()


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


def test_a_gap_behind_the_last_drawn_row(mixed, tmp_path):
    table = pq.read_table(mixed, schema=tables.EXPRESSIONS)
    sources = [*table["src"].to_pylist()[:-1], None]
    tables.write_table(mixed, table.set_column(0, "src", pa.array(sources, pa.string())))
    config = write_params(
        tmp_path / "params.yaml", datasets={"small": {"rule": {}, "sample": 2, "split": "rows"}}, runs=ONE_RUN
    )
    assert len(table) - 1 not in np.concatenate(sample(len(table), 2, 0.1, seed=42))
    done = stage("sample", config, "small", mixed, tmp_path / "t.parquet", tmp_path / "v.parquet")
    assert (done.returncode, done.stderr) == (1, f"sample: {mixed}: column 'src' has rows without a value\n")
    assert not (tmp_path / "t.parquet").exists()


def test_a_subset_without_rows(mixed, tmp_path):
    tables.write_table(mixed, tables.EXPRESSIONS.empty_table())
    config = write_params(tmp_path / "params.yaml")
    done = stage("sample", config, "small", mixed, tmp_path / "t.parquet", tmp_path / "v.parquet")
    assert (done.returncode, done.stderr) == (1, f"sample: {mixed}: has no rows\n")


def test_a_split_by_operands_in_files(small, tmp_path):
    _, subset = small
    datasets = {"small": {"rule": {"max": 9}, "sample": 3000, "split": "operands"}}
    config = write_params(tmp_path / "operands.yaml", datasets=datasets, runs=ONE_RUN)
    paths = tmp_path / "train.parquet", tmp_path / "valid.parquet"
    assert stage("sample", config, "small", subset, *paths).returncode == 0
    train, valid = (pq.read_table(path).to_pylist() for path in paths)
    assert (len(train), len(valid)) == (2700, 300)
    one, other = ({tuple(sorted(map(str, (row["a"], row["b"], row["c"])))) for row in rows} for rows in (train, valid))
    assert not one & other


def test_params_allow_just_the_splits_that_there_are():
    assert get_args(params.Split) == tuple(SPLITS)
