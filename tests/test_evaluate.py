"""What `evaluate` writes, recomputed from its own table and from the network."""

import json
import math
from collections import Counter

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import TINY, samples

from stages import evaluate
from stages.common import tables
from stages.network import scores, tokens, weights
from stages.studies import measures
from tests.networks import constant


@pytest.fixture(scope="module", params=TINY["runs"])
def results(request, finished):
    """One run's predictions, metrics, history, network and held-out rows."""
    run, dataset = request.param, TINY["runs"][request.param]["dataset"]
    return (
        pq.read_table(finished / "predictions" / f"{run}.parquet"),
        json.loads((finished / "metrics" / f"{run}.json").read_text()),
        pd.read_csv(finished / "history" / f"{run}.csv"),
        weights.load(finished / "models" / f"{run}.safetensors"),
        pq.read_table(samples(finished, dataset)[1]),
    )


def test_predictions_answer_every_row_in_order(results):
    predictions, _, _, trained, rows = results
    assert predictions.schema == tables.PREDICTIONS
    for column in ("src", "tgt"):
        assert predictions[column] == rows[column]
    assert predictions["template"].to_pylist() == rows["template"].to_pylist()
    for row in predictions.to_pylist():
        alone, probability = scores.decode(trained.model, tokens.encode_sources([row["src"]]), trained.steps)
        assert row["written"] == tokens.decode(alone[0].tolist())
        assert row["predicted"] == row["written"].split("=")[-1]
        assert row["probability"] == pytest.approx(probability.item(), rel=1e-4)
        assert row["correct"] == (row["predicted"] == str(row["tgt"]) and tokens.EOS in alone[0].tolist())


def test_metrics_match_the_table(results):
    predictions, metrics, history, trained, rows = results
    known = measures.of(measures.METRICS)
    assert {name for name, measure in known.items() if not measure.column.gaps} <= metrics.keys() <= known.keys()
    assert metrics["rows"] == len(rows)
    assert metrics["exact_match"] == pytest.approx(sum(predictions["correct"].to_pylist()) / len(rows), abs=1e-6)
    assert metrics["parameters"] == sum(tensor.numel() for tensor in trained.model.state_dict().values())
    for name in ("train_loss", "train_token_accuracy"):
        assert metrics[name] == pytest.approx(history[name].iloc[-1])
    for name in ("loss", "token_accuracy", "exact_match"):
        assert metrics[name] == pytest.approx(history[f"valid_{name}"].iloc[-1], abs=2e-6)


def test_loss_and_token_accuracy_row_by_row(results):
    _, metrics, _, trained, rows = results
    total, hits, tokens = 0.0, 0, 0
    for row in rows.to_pylist():
        text = row["steps"] if trained.scratchpad == "steps" else str(row["tgt"])
        answer = [tokens.TOKENS.index(character) for character in text] + [tokens.EOS]
        with torch.inference_mode():
            chances = trained.model(tokens.encode_sources([row["src"]]).long(), torch.tensor([answer]))
            chances = chances[0].softmax(dim=-1)
        total -= sum(math.log(chances[place, token]) for place, token in enumerate(answer))
        hits += sum(int(chances[place].argmax()) == token for place, token in enumerate(answer))
        tokens += len(answer)
    assert metrics["loss"] == pytest.approx(total / tokens, abs=1e-5)
    assert metrics["token_accuracy"] == pytest.approx(hits / tokens, abs=1e-6)


def test_history_matches_the_training(results):
    _, _, history, trained, _ = results
    pd.testing.assert_frame_equal(history, pd.DataFrame(trained.history), atol=1e-6)


@pytest.mark.parametrize("run", TINY["runs"])
def test_what_dvc_plots_draws(run, finished):
    """The history's curves, the metrics' exact match, and the answers' characters counted one by one."""
    drawn = pd.read_csv(finished / "plots" / f"{run}.csv", dtype={"right": str, "predicted": str})
    history = pd.read_csv(finished / "history" / f"{run}.csv")
    curves = ["epoch", "valid_loss", "valid_token_accuracy"]
    pd.testing.assert_frame_equal(drawn[curves].dropna(), history[curves], check_dtype=False, atol=1e-5)
    metrics = json.loads((finished / "metrics" / f"{run}.json").read_text())
    assert drawn["exact_match"].dropna().tolist() == [metrics["exact_match"]]
    counts = Counter()
    for row in pq.read_table(finished / "predictions" / f"{run}.parquet").to_pylist():
        known = [*str(row["tgt"]), "end"]
        counts.update(zip(known, [*row["predicted"], *["end"] * len(known)], strict=False))
    digits = drawn[["right", "predicted", "count", "share"]].dropna()
    assert digits.set_index(["right", "predicted"])["count"].to_dict() == counts
    assert digits.groupby("right")["share"].sum().tolist() == pytest.approx([1.0] * digits["right"].nunique(), abs=1e-5)
    assert len(drawn) == len(history) + 1 + len(digits)


def test_an_endless_answer_does_not_widen_the_table():
    """Position accuracy is of values: at most 5 tokens over 0..11, for 11*11*11 is 1331."""
    network = weights.Trained("r", constant(""), 12, [{"train_loss": 1.0, "train_token_accuracy": 0.5}], "steps")
    rows = pa.table({"src": ["1+2=", "3*4="], "tgt": [3, 33], "steps": ["3", "33"], "template": ["a+b", "a*b"]})
    rows = rows.set_column(
        3, "template", rows["template"].dictionary_encode().cast(tables.EXPRESSIONS.field("template").type)
    )
    predictions, metrics = evaluate.evaluate(network, rows, *tokens.encode_table(rows, "?", "steps"))
    assert predictions["written"].to_pylist() == ["3" * network.steps] * 2
    assert metrics["position_accuracy"] == 3 / 10  # '3', then '3' and '3'


def test_the_first_wrong_steps_are_counted_by_operation():
    rows = pa.table(
        {
            "src": ["47*(3+30)="] * 6,
            "steps": ["47*33=141+1410=1551"] * 6,
        }
    )
    written = [
        "47*33=141+1410=1551",
        "47*34=188+1410=1598",  # a wrong sum, and what follows from it
        "47*33=141+1400=1541",
        "47*33=141+1410=1541",
        "47*33=1551",  # nothing is wrong
        "47*33=1541",
    ]
    assert evaluate.wrong_steps(rows, written) == {
        "wrong_sum": 1 / 6,
        "wrong_product": 1 / 6,
        "wrong_parts": 1 / 6,
        "wrong_part_sum": 1 / 6,
    }


def test_only_a_run_with_a_scratchpad_has_wrong_steps(finished):
    found = {run: json.loads((finished / "metrics" / f"{run}.json").read_text()) for run in TINY["runs"]}
    assert {run: "wrong_sum" in metrics for run, metrics in found.items()} == {
        "small-lstm": False,
        "small-gru": True,
        "no_7-lstm": False,
    }


def test_every_product_is_answered(finished):
    for run in TINY["runs"]:
        asked = pq.read_table(finished / "products" / f"{run}.parquet")
        assert asked.schema == tables.PREDICTIONS
        pairs = [(a, b) for a in range(12) for b in range(12)]
        assert asked["src"].to_pylist() == [f"{a}*{b}=" for a, b in pairs]
        assert asked["tgt"].to_pylist() == [a * b for a, b in pairs]
        assert set(asked["template"].to_pylist()) == {"a*b"}
        assert all(row["correct"] == (row["predicted"] == str(row["tgt"])) for row in asked.to_pylist())
