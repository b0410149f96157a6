"""How long a training of a study would take, told before it is queued."""

import json

import pyarrow as pa
import pytest
from conftest import ROOT, study_of

from stages import files, generate, params
from stages.lab import queue

CONFIG = params.read(ROOT / "params.yaml")


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A study that leaves out trainings of more than half a minute: the status of a point.

    single_digit has 24 rows, one of each template. `speed` is in rows per second.
    """
    for run, speed in {"full-lstm": 50, "single_digit-lstm": 20, "single_digit-gru": 10}.items():
        path = tmp_path / "timing" / f"{run}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"rows_per_second": speed}))
    for name, operands in {"single_digit": 1, "full": 2}.items():
        path = tmp_path / "subsets" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        files.write_table(path, pa.Table.from_batches(generate.generate(operands)))
    monkeypatch.setattr(queue, "up_to_date", lambda target: False)
    monkeypatch.delattr(queue, "call")  # a test must not train
    entry = study_of(run="full-lstm", longest=0.5, always={"valid_share": 0.25})
    trying = queue.Queue("small", entry, CONFIG, tmp_path, tmp_path)
    return lambda point: next(trying.rows([point], 1))[1]["status"]


@pytest.mark.parametrize(
    ("point", "minutes"),
    [
        ({"sample": 12_000, "epochs": 50}, "150"),  # 9,000 rows of 12,000 fifty times, 50 rows a second
        ({"sample": 4_000, "epochs": 5}, "5"),
        ({"sample": 12_000, "epochs": 1000}, "3,000"),
        ({"sample": 4_000, "epochs": 5, "cell": "gru"}, "5"),  # no run of this: the first one of the dataset
        ({"dataset": "single_digit", "sample": 4_000, "epochs": 8}, "20"),  # 24,000 rows, 20 a second
        ({"dataset": "single_digit", "cell": "gru", "sample": 4_000, "epochs": 6}, "30"),
        ({"dataset": "single_digit", "sample": "all", "epochs": 1600}, "24"),  # 18 of its 24 rows
    ],
)
def test_how_long_a_training_would_take(point, minutes, asked):
    assert asked(point) == f"not measured: about {minutes} minutes"
