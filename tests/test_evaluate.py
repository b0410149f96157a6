"""What `evaluate` writes, recomputed from its own table and from the network."""

import json
import math
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import EVALUATED, TINY, options, samples, stage

from stages import evaluate
from stages.arithmetic import questions, work
from stages.common import tables
from stages.network import EOS, PREDICTIONS, TOKENS, scores, tokens, weights
from stages.studies import measures
from tests.networks import constant

OUTPUTS = ["predictions.parquet", "products.parquet", "metrics.json", "history.csv", "plots.csv"]


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
    assert predictions.schema == PREDICTIONS
    for column in ("src", "tgt", "template"):
        assert predictions[column].to_pylist() == rows[column].to_pylist()
    for row in predictions.to_pylist():
        alone, probability = scores.decode(trained, tokens.encode_sources([row["src"]]))
        assert row["written"] == tokens.decode(alone[0].tolist())
        assert row["predicted"] == row["written"].split("=")[-1]
        assert row["probability"] == pytest.approx(probability.item(), rel=1e-4)
        assert row["correct"] == (row["predicted"] == str(row["tgt"]) and EOS in alone[0].tolist())


def test_metrics_and_history(results):
    predictions, metrics, history, trained, rows = results
    without_rows = {"exact_match_twin", "exact_match_no_twin"} - metrics.keys()
    wrong = {f"wrong_{operation}" for operation in work.OPERATIONS if trained.scratchpad != "steps"}
    wrong |= {"met"} if trained.scratchpad != "questions" else set()
    assert metrics.keys() == measures.of(measures.METRICS).keys() - without_rows - wrong
    assert metrics["rows"] == len(rows)
    assert metrics["exact_match"] == pytest.approx(sum(predictions["correct"].to_pylist()) / len(rows), abs=1e-6)
    assert metrics["parameters"] == sum(tensor.numel() for tensor in trained.model.state_dict().values())
    pd.testing.assert_frame_equal(history, pd.DataFrame(trained.history), atol=1e-6)
    for name in ("train_loss", "train_token_accuracy"):
        assert metrics[name] == pytest.approx(history[name].iloc[-1])
    for name in ("loss", "token_accuracy", "exact_match"):
        assert metrics[name] == pytest.approx(history[f"valid_{name}"].iloc[-1], abs=2e-6)


def test_loss_and_token_accuracy_row_by_row(results):
    _, metrics, _, trained, rows = results
    total, correct, count = 0.0, 0, 0
    written = [
        pair
        for row in rows.to_pylist()
        for pair in {
            "none": [(row["src"], str(row["tgt"]))],
            "steps": [(row["src"], row["steps"])],
            "questions": questions.steps(row["src"].removesuffix("=")),
        }[trained.scratchpad]
    ]
    for read, text in written:
        answer = [TOKENS.index(character) for character in text] + [EOS]
        with torch.inference_mode():
            logits = trained.model(tokens.encode_sources([read]).long(), torch.tensor([answer]))
        chances = logits[0].softmax(dim=-1)
        total -= sum(math.log(chances[place, token]) for place, token in enumerate(answer))
        correct += sum(int(chances[place].argmax()) == token for place, token in enumerate(answer))
        count += len(answer)
    assert metrics["loss"] == pytest.approx(total / count, abs=1e-5)
    assert metrics["token_accuracy"] == pytest.approx(correct / count, abs=1e-6)


@pytest.mark.parametrize("run", TINY["runs"])
def test_the_table_for_dvc_plots(run, finished):
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
    templates = pa.array(["a+b", "a*b"]).dictionary_encode()
    rows = pa.table({"src": ["1+2=", "3*4="], "tgt": [3, 33], "steps": ["3", "33"], "template": templates})
    predictions, metrics = evaluate.evaluate(network, rows, *[tokens.encode_table(rows, "steps")] * 2)
    assert predictions["written"].to_pylist() == ["3" * network.steps] * 2
    assert metrics["position_accuracy"] == 3 / 10  # '3', then '3' and '3'


def test_the_first_wrong_steps_are_counted_by_operation():
    rows = pa.table({"src": ["47*(3+30)="] * 6, "steps": ["47*33=141+1410=1551"] * 6})
    written = [
        "47*33=141+1410=1551",
        "47*34=188+1410=1598",  # a wrong sum, and what follows from it
        "47*33=141+1400=1541",
        "47*33=141+1410=1541",
        "47*33=1551",  # nothing is wrong
        "47*33=1541",
    ]
    operations = "wrong_sum", "wrong_product", "wrong_parts", "wrong_part_sum"
    assert evaluate.wrong_steps(rows, written) == dict.fromkeys(operations, 1 / 6)


def test_metrics_by_twin():
    correct = np.array([True, False, False, True])
    metrics = evaluate.by_twin(correct, np.array([True, True, True, False]))
    assert metrics == {"twins": 0.75, "exact_match_twin": pytest.approx(1 / 3), "exact_match_no_twin": 1}
    assert evaluate.by_twin(correct, correct | True) == {"twins": 1, "exact_match_twin": 0.5}


@pytest.mark.parametrize("run", TINY["runs"])
def test_every_product_is_answered(run, finished):
    products = pq.read_table(finished / "products" / f"{run}.parquet")
    assert products.schema == PREDICTIONS
    asked = [(row["src"], row["tgt"], row["template"]) for row in products.to_pylist()]
    assert asked == [(f"{a}*{b}=", a * b, "a*b") for a in range(12) for b in range(12)]
    assert all(row["correct"] == (row["predicted"] == str(row["tgt"])) for row in products.to_pylist())


@pytest.mark.parametrize(("character", "words"), [(None, "loss on "), ("8", "probability of an answer to ")])
def test_a_network_that_gives_nan_leaves_no_results(character, words, finished, tmp_path):
    """NaN for every answer, or for products with an 8, which the loss on held-out rows does not show."""
    trained, (train, valid) = weights.load(finished / "models" / "small-lstm.safetensors"), samples(finished, "small")
    with torch.no_grad():
        place = trained.model.head[2].bias if character is None else trained.model.embedding.weight
        place[TOKENS.index(character or "0")] = torch.nan
    weights.save(tmp_path / "model", trained)
    if character:
        rows = tables.read_table(valid)
        valid = tmp_path / "valid.parquet"
        tables.write_table(valid, rows.filter(pa.array(character not in src for src in rows["src"].to_pylist())))
    outputs = dict(zip(EVALUATED, [train, *(tmp_path / name for name in OUTPUTS)], strict=True))
    done = stage("evaluate", finished / "params.yaml", tmp_path / "model", valid, *options(outputs))
    where = "a*b" if character else valid
    expected = f"{tmp_path / 'model'}: its {words}{where} is nan; train it again with a smaller lr"
    assert (done.returncode, done.stderr) == (1, f"evaluate: {expected}\n")
    assert not any((tmp_path / name).exists() for name in OUTPUTS)


def test_held_out_rows_that_were_met_as_questions():
    """12*(3+4) asks 3+4, and 12*7, which asks 12+120-2*2*12."""
    assert evaluate.met(["3+4=", "4+3=", "12*7=", "1+2="], ["12*(3+4)=", "1+2="]) == 0.5
