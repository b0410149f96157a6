"""Two processes train what one does; only the first writes."""

import json
import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT, samples, write_params
from torch import distributed

from stages.network import launch, weights


@pytest.fixture(scope="module")
def curves(finished, tmp_path_factory):
    """The history, standard error and timing of one process, and of two."""
    lab = tmp_path_factory.mktemp("ranks")
    # The last batch has one row, which is fewer than there are ranks.
    config = write_params(lab / "params.yaml", batch_size=53, epochs=3, lr=0.01)
    rows = samples(finished, "small")
    found = []
    for ranks in (1, 2):
        out = lab / str(ranks)
        command = [sys.executable, "-m", "stages.train", config, "small-lstm", *rows]
        options = {"TORCHRUN": f"--standalone --nproc-per-node {ranks}"} if ranks > 1 else {}
        done = subprocess.run(
            [*command, out / "r.safetensors", out / "timing.json", out / ".resume"],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | options,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        timing = json.loads((out / "timing.json").read_text())
        assert sorted(path.name for path in out.iterdir()) == [".resume", "r.safetensors", "timing.json"]
        found.append((weights.load(out / "r.safetensors").history, done.stderr, timing))
    return found


def test_the_curves_are_the_same(curves):
    (one, _, _), (two, _, _) = curves
    assert len(one) == len(two) == 3
    for row, other in zip(one, two, strict=True):
        assert row == pytest.approx(other, abs=1e-4)
    assert one[0]["train_loss"] - one[2]["train_loss"] > 0.01  # and they move


def test_only_the_first_rank_speaks(curves):
    assert curves[1][1].count("small-lstm 3/3: loss") == 1


def test_the_timing_says_how_many(curves):
    assert [timing["processes"] for _, _, timing in curves] == [1, 2]


def test_one_process_has_all_rows():
    assert launch.share(5) == (slice(0, None, 1), 1.0)
    assert launch.first()


@pytest.mark.parametrize(("rows", "parts"), [(5, [[0, 3], [1, 4], [2]]), (3, [[0], [1], [2]]), (2, [[0, 1]] * 3)])
def test_shares_of_three(rows, parts, monkeypatch):
    monkeypatch.setattr(launch, "ranks", lambda: 3)
    found, weight = [], 0
    for rank in range(3):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        mine, counts = launch.share(rows)
        found.append(torch.arange(rows)[mine].tolist())
        weight += counts * len(found[-1])
    assert found == parts
    assert weight == pytest.approx(rows)
