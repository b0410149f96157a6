"""Draws without replacement and splits that share no row and come out the same again."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import stage, write_params

from stages import params
from stages.sample import sample

SIZES = {"single_digit": "all", "two_digit": 21_075, "without_1": 20_288, "full": 20_566}


def test_committed_sizes(committed):
    config = params.read(committed)
    assert {name: dataset.sample for name, dataset in config.datasets.items()} == SIZES
    assert config.valid_share == 0.1


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
    datasets = {"small": {"rule": {"max": 9}, "sample": 99_999}}
    runs = {"small-lstm": {"dataset": "small", "cell": "lstm"}}
    config = write_params(tmp_path / "big.yaml", datasets=datasets, runs=runs)
    done = stage("sample", config, "small", subset, tmp_path / "t.parquet", tmp_path / "v.parquet")
    assert done.returncode == 1
    assert done.stderr == f"sample: {config}: datasets.small.sample: 99999 rows asked for, {subset} has 21300\n"
    assert not (tmp_path / "t.parquet").exists()
