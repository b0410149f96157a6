"""Training learns, clips and is reproducible, with every optimiser and schedule; its failures are reported."""

import json
from typing import get_args

import pyarrow as pa
import pytest
import torch
from conftest import options, samples, stage
from torch.optim import SGD, AdamW
from tqdm import tqdm

from stages import train
from stages.arithmetic.scratchpad import SCRATCHPADS
from stages.common import params
from stages.common.messages import BadInput
from stages.network import scores, tokens
from stages.network.cells import CELLS
from stages.network.checkpoint import Checkpoint
from stages.network.drawing import draw, whole
from stages.network.film import Film
from stages.network.learner import OPTIMISERS, SCHEDULES, Learner
from stages.network.machine import PRECISIONS
from stages.network.muon import Muon
from stages.network.seq2seq import DECODERS, Seq2Seq
from tests.networks import small_run

TEXTS = {"1+2=": 3, "12*(3+4)=": 84, "7-9=": -2, "49*49*49=": 117649}
TABLE = pa.table({"src": [*TEXTS], "tgt": [*TEXTS.values()], "template": ["?"] * 4})
ROWS = tokens.encode_table(TABLE)


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(tmp_path / ".resume", "r", "0" * 64, 1)


@pytest.fixture
def trained(checkpoint, tmp_path):
    """Trains a network on ROWS, which are held out too."""

    def run(name, settings):
        return train.train(name, settings, 50, draw(TABLE, settings), TABLE, checkpoint, tmp_path / "live")

    return run


@pytest.mark.parametrize(
    "recipe",
    [
        {"cell": "lstm"},
        {"cell": "gru", "decoder": "feedback", "schedule": "one_cycle"},
        {"cell": "lstm", "decoder": "attention", "schedule": "one_cycle", "optimizer": "muon"},
    ],
    ids=str,
)
def test_one_batch_overfits(recipe, trained, monkeypatch):
    monkeypatch.setattr(Checkpoint, "save", lambda *_: None)  # 150 times
    monkeypatch.setattr(Film, "ask", lambda *_: None)
    monkeypatch.setattr(Film, "samples", lambda *_: "")
    network, _, seconds = trained("r", small_run(epochs=150, **recipe))
    decoded, _ = scores.decode(network, ROWS[0])
    assert [tokens.decode(ids) for ids in decoded.tolist()] == [str(answer) for answer in TEXTS.values()]
    assert [row["epoch"] for row in network.history] == list(range(1, len(seconds) + 1)) == list(range(1, 151))
    last = network.history[-1]
    assert max(last["train_loss"], last["valid_loss"]) < 0.05
    assert last["train_token_accuracy"] == last["valid_token_accuracy"] == last["valid_exact_match"] == 1


@pytest.mark.parametrize(("limit", "shrunk", "share"), [(0.1, 10, 1), (2.0, 1, 0), ("none", 1, 0)])
def test_the_gradient_is_clipped_and_the_loss_is_a_mean_over_tokens(limit, shrunk, share, checkpoint):
    """`limit` is a multiple of the gradient's norm."""
    learner = Learner(small_run(), 8, torch.device("cpu"))
    model = learner.model
    before = [weight.clone() for weight in model.parameters()]
    loss, _, count = scores.summed_loss(model(ROWS[0].long(), ROWS[1].long()), ROWS[1].long())
    gradients = torch.autograd.grad(loss / count, list(model.parameters()))
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    learner.optimisers = [SGD(model.parameters(), lr=1.0)]
    learner.schedulers = [SCHEDULES["constant"](learner.optimisers[0], 1)]
    batches = whole(*ROWS).batches(4, (1, 1))
    limit = limit if limit == "none" else norm.item() * limit
    bar = tqdm(total=4, disable=True)
    train.one_epoch(model, learner, small_run(grad_clip=limit), batches, checkpoint, None, bar)
    scored = learner.end_epoch()
    for weight, old, gradient in zip(model.parameters(), before, gradients, strict=True):
        torch.testing.assert_close(weight.detach(), old - gradient / shrunk, atol=1e-6, rtol=1e-3)
    assert scored["train_loss"] == pytest.approx((loss / count).item(), rel=1e-5)
    assert scored["clipped"] == share


def test_a_nan_loss_names_run_and_epoch(monkeypatch, trained, checkpoint):
    real = scores.summed_loss
    monkeypatch.setattr(scores, "summed_loss", lambda *given: (real(*given)[0] * torch.nan, *real(*given)[1:]))
    with pytest.raises(BadInput, match=r"run some-lstm: train_loss is nan in epoch 1"):
        trained("some-lstm", small_run())
    assert checkpoint.load() is None


def test_a_last_step_that_breaks_the_network_is_found_too(monkeypatch, trained):
    monkeypatch.setattr(
        torch.nn.utils, "clip_grad_norm_", lambda weights, _: sum(w.grad.fill_(torch.nan).sum() for w in weights)
    )
    with pytest.raises(BadInput, match=r"run some-lstm: valid_loss is nan in epoch 1"):
        trained("some-lstm", small_run())


@pytest.mark.parametrize("cell", CELLS)
def test_same_seed_same_bytes(cell, finished, tmp_path):
    name, (rows, valid) = f"small-{cell}", samples(finished, "small")
    model, film = tmp_path / "models" / f"{name}.safetensors", tmp_path / "film" / f"{name}.parquet"
    timing, live = tmp_path / "timing.json", tmp_path / "live" / f"{name}.csv"
    done = stage("train", finished / "params.yaml", name, rows, valid, model, film, timing, live, tmp_path / ".resume")
    assert done.returncode == 0, done.stderr
    outputs = {"predictions": "parquet", "products": "parquet", "metrics": "json", "history": "csv", "plots": "csv"}
    made = {kind: tmp_path / kind / f"{name}.{ending}" for kind, ending in outputs.items()}
    assert stage("evaluate", finished / "params.yaml", model, valid, *options({"train": rows} | made)).returncode == 0
    for path in (model, film, live, *made.values()):
        assert path.read_bytes() == (finished / path.relative_to(tmp_path)).read_bytes()
    measured = json.loads(timing.read_text())
    assert set(measured) >= {"seconds_per_epoch", "rows_per_second", "device", "threads", "processes", "torch"}
    assert 50 < measured["peak_memory_mib"] < 20_000


EDGES = {"embedding.weight", "head.2.weight"}


def learner(rows=4, **changes):
    return Learner(small_run(**changes), rows, torch.device("cpu"))


@pytest.fixture(params=CELLS)
def model(request):
    return Seq2Seq(request.param, 5, 6, 2, "attention")


def test_params_allow_exactly_what_exists():
    names = params.Cell, params.Decoder, params.Schedule, params.Optimizer, params.Scratchpad, params.Precision
    registries = CELLS, DECODERS, SCHEDULES, OPTIMISERS, SCRATCHPADS, PRECISIONS
    assert [get_args(allowed) for allowed in names] == [tuple(registry) for registry in registries]


def test_initial_weights_follow_from_the_seed():
    first, again, other = (learner(seed=seed).model.head[0].weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_adamw_has_all_weights_at_the_run_s_lr():
    training = learner(lr=0.003)
    (optimiser,) = training.optimisers
    (group,) = optimiser.param_groups
    assert (type(optimiser), group["lr"]) == (AdamW, 0.003)
    assert len(group["params"]) == len(list(training.model.parameters()))


def test_muon_has_the_matrices_inside_and_adamw_the_rest(model):
    matrices, rest = OPTIMISERS["muon"](model, 0.02)
    assert (type(matrices), type(rest)) == (Muon, AdamW)
    chosen, others = ({id(weight) for weight in each.param_groups[0]["params"]} for each in (matrices, rest))
    for name, weight in model.named_parameters():
        inside = weight.ndim == 2 and name not in EDGES
        assert (id(weight) in chosen, id(weight) in others) == (inside, not inside), name
    assert [each.param_groups[0]["lr"] for each in (matrices, rest)] == [0.02, 0.02]


def test_an_update_of_muon(model):
    """Singular values near 1, as Newton-Schulz makes them, times the scale of Liu et al. 2025."""
    before = model.encoder.weight_hh_l1.detach().clone()
    for weight in model.parameters():
        weight.grad = torch.randn_like(weight)
    OPTIMISERS["muon"](model, 0.01)[0].step()
    scale = 0.01 * 0.2 * max(before.shape) ** 0.5
    decayed = before * (1 - 0.01 * 0.1)
    values = torch.linalg.svdvals((decayed - model.encoder.weight_hh_l1.detach()) / scale)
    assert (values > 0.6).all()
    assert (values < 1.3).all()


def learning_rates(steps, **changes):
    """The learning rate of each optimiser at each step of a training on 4 rows in batches of 4."""
    training = learner(epochs=steps, **changes)
    rates = []
    for _ in range(steps):
        rates.append([optimiser.param_groups[0]["lr"] for optimiser in training.optimisers])
        for weight in training.model.parameters():
            weight.grad = torch.zeros_like(weight)
        training.update()
    return rates


@pytest.mark.parametrize(("optimizer", "count"), [("adamw", 1), ("muon", 2)])
def test_one_cycle_rises_for_a_tenth_and_ends_near_zero(optimizer, count):
    rates = learning_rates(40, schedule="one_cycle", optimizer=optimizer)
    assert all(len(step) == count and len(set(step)) == 1 for step in rates)  # all optimisers together
    rates = [step[0] for step in rates]
    top = rates.index(max(rates))
    assert (top, rates[top]) == (3, pytest.approx(0.01))  # 0.1 of 40 steps, counted from 0
    assert sorted(rates[: top + 1]) == rates[: top + 1]
    assert sorted(rates[top:], reverse=True) == rates[top:]
    assert rates[-1] < 1e-5


@pytest.mark.parametrize("steps", [1, 2, 3, 9, 10, 11])
def test_a_cycle_of_few_steps(steps):
    assert all(0 < rate <= 0.01 for (rate,) in learning_rates(steps, schedule="one_cycle"))
