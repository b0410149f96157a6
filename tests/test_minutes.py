"""The estimated minutes of a study's training, before it is queued."""

import json

import pyarrow as pa
import pytest
from conftest import ROOT, study_of

from stages import generate
from stages.common import params, tables
from stages.lab import queue

CONFIG = params.read(ROOT / "params.yaml")


@pytest.fixture
def status(tmp_path, monkeypatch):
    """A function from a point to its status, in a study that leaves out trainings of more than half a minute.

    single_digit has 24 rows, one per template. `speed` is in rows per second.
    """
    for run, speed in {"full-lstm": 50, "single_digit-lstm": 20, "single_digit-gru": 10}.items():
        path = tmp_path / "timing" / f"{run}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"rows_per_second": speed}))
    for name, operands in {"single_digit": 1, "full": 2}.items():
        path = tmp_path / "subsets" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        tables.write_table(path, pa.Table.from_batches(generate.generate(operands)))
    monkeypatch.setattr(queue, "up_to_date", lambda target: False)
    monkeypatch.delattr(queue, "call")  # a test must not train
    entry = study_of(run="full-lstm", longest=0.5, always={"valid_share": 0.25})
    trying = queue.Queue("small", entry, CONFIG, tmp_path, tmp_path)
    return lambda point: next(trying.rows([point], 1))[1]["status"]


@pytest.mark.parametrize(
    ("point", "minutes"),
    [
        ({"sample": 12_000, "epochs": 50}, "150"),  # 9,000 of 12,000 rows, 50 epochs, 50 rows per second
        ({"sample": 4_000, "epochs": 5}, "5"),
        ({"sample": 12_000, "epochs": 1000}, "3,000"),
        ({"sample": 4_000, "epochs": 5, "cell": "gru"}, "5"),  # no such run: the dataset's first run counts
        ({"dataset": "single_digit", "sample": 4_000, "epochs": 8}, "20"),  # 24,000 rows, 20 per second
        ({"dataset": "single_digit", "cell": "gru", "sample": 4_000, "epochs": 6}, "30"),
        ({"dataset": "single_digit", "sample": "all", "epochs": 1600}, "24"),  # 18 of its 24 rows
    ],
)
def test_how_long_a_training_would_take(point, minutes, status):
    assert status(point) == f"not measured: about {minutes} minutes"
