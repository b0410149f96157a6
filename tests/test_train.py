"""Training learns, covers every row, is reproducible, and reports its failures."""

import json

import pyarrow.parquet as pq
import pytest
import torch
from conftest import EVALUATED, options, stage, write_params
from tqdm import tqdm

from stages import train
from stages.common import params
from stages.common.messages import BadInput
from stages.network import scores, tokens, weights
from stages.network.cells import CELLS
from stages.network.checkpoint import Checkpoint
from stages.network.learner import SCHEDULES, Learner

CELL = pytest.mark.parametrize("cell", CELLS)
TEXTS = {"1+2=": 3, "12*(3+4)=": 84, "7-9=": -2, "49*49*49=": 117649}
ROWS = tokens.encode_sources(list(TEXTS)), tokens.encode_answers(TEXTS.values())


def run(**changes):
    small = {"embed_dim": 16, "hidden_dim": 32, "layers": 2, "batch_size": 4, "epochs": 1, "lr": 0.01, "grad_clip": 2.0}
    other = {"precision": "float32", "seed": 1, "dataset": "d", "cell": "lstm"}
    other |= {"decoder": "context", "schedule": "constant", "optimizer": "adamw", "scratchpad": "none"}
    return params.Run(**(small | other | changes))


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(tmp_path / ".resume", "r", "0" * 64)


RECIPES = (
    {},
    {"decoder": "feedback", "schedule": "one_cycle"},
    {"decoder": "attention", "schedule": "one_cycle"},
    {"decoder": "attention", "schedule": "one_cycle", "optimizer": "muon"},
)


@CELL
@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_one_batch_overfits(cell, recipe, checkpoint):
    trained, _ = train.train("r", run(cell=cell, epochs=150, **recipe), 50, ROWS, ROWS, checkpoint)
    decoded, _ = scores.decode(trained.model, ROWS[0], trained.steps)
    assert [tokens.decode(ids) for ids in decoded.tolist()] == [str(tgt) for tgt in TEXTS.values()]
    assert trained.history[-1]["valid_exact_match"] == 1
    assert trained.history[-1]["train_loss"] < 0.05


def test_the_optimiser_is_adamw_at_the_run_s_lr(monkeypatch, checkpoint):
    used = []
    real = train.one_epoch
    monkeypatch.setattr(train, "one_epoch", lambda *given: used.extend(given[1].optimisers) or real(*given))
    train.train("r", run(lr=0.003), 50, ROWS, ROWS, checkpoint)
    assert [(type(one), one.param_groups[0]["lr"]) for one in used] == [(torch.optim.AdamW, 0.003)]


def test_one_cycle_rises_for_a_tenth_and_ends_near_zero(monkeypatch, checkpoint):
    used = []
    real = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda one, *_: used.append(one.param_groups[0]["lr"]) or real(one))
    train.train("r", run(lr=0.01, epochs=20, batch_size=2, schedule="one_cycle"), 50, ROWS, ROWS, checkpoint)
    assert len(used) == 40
    assert max(used) == pytest.approx(0.01)
    top = used.index(max(used))
    assert top == 3  # 0.1 of 40 steps, counted from 0
    assert sorted(used[: top + 1]) == used[: top + 1]
    assert sorted(used[top:], reverse=True) == used[top:]
    assert used[-1] < 1e-5


@pytest.mark.parametrize("epochs", [1, 2, 3, 9, 10, 11])
def test_a_cycle_of_few_steps(epochs, checkpoint):
    recipe = run(epochs=epochs, schedule="one_cycle")
    trained, _ = train.train("r", recipe, 50, ROWS, ROWS, checkpoint)
    assert len(trained.history) == epochs


def test_history_has_a_row_per_epoch(checkpoint):
    trained, seconds = train.train("r", run(epochs=3), 50, ROWS, ROWS, checkpoint)
    assert [row["epoch"] for row in trained.history] == [1, 2, 3]
    assert len(seconds) == 3
    assert set(trained.history[0]) == {
        "clipped",
        "epoch",
        "train_loss",
        "train_token_accuracy",
        "valid_loss",
        "valid_token_accuracy",
        "valid_exact_match",
    }


def test_an_epoch_has_every_row_once_in_a_seeded_order():
    sources = torch.arange(2, 12, dtype=torch.uint8).unsqueeze(1)
    answers = torch.full((10, 1), 1, dtype=torch.uint8)

    def order(*seed):
        return torch.cat([source[:, 0] for source, _ in tokens.shuffled(sources, answers, 4, seed)]).tolist()

    assert sorted(order(42, 1)) == list(range(2, 12))
    assert order(42, 1) == order(42, 1)
    assert order(42, 1) != order(42, 2)
    assert order(42, 1) != order(43, 1)
    assert [len(source) for source, _ in tokens.shuffled(sources, answers, 4, (42, 1))] == [4, 4, 2]


def test_batches_are_cut_to_their_longest_row():
    for source, answer in tokens.shuffled(*ROWS, 1, (1, 1)):
        assert (source != tokens.PAD).all()
        assert (answer != tokens.PAD).all()
        assert source.dtype == answer.dtype == torch.int64


@pytest.mark.parametrize(("limit", "shrunk", "share"), [(0.1, 10, 1), (2.0, 1, 0), ("none", 1, 0)])
def test_the_gradient_is_clipped_and_the_loss_is_a_mean_over_tokens(limit, shrunk, share, checkpoint):
    learner = Learner(run(), 8, torch.device("cpu"))
    model = learner.model
    before = [weight.clone() for weight in model.parameters()]
    loss, _, tokens = scores.summed_loss(model(ROWS[0].long(), ROWS[1].long()), ROWS[1].long())
    gradients = torch.autograd.grad(loss / tokens, list(model.parameters()))
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    learner.optimisers = [torch.optim.SGD(model.parameters(), lr=1.0)]
    learner.schedulers = [SCHEDULES["constant"](learner.optimisers[0], 1)]
    rows = tokens.shuffled(*ROWS, 4, (1, 1))
    limit = limit if limit == "none" else norm.item() * limit
    train.one_epoch(model, learner, run(grad_clip=limit), rows, checkpoint, tqdm(disable=True))
    found = learner.end_epoch()
    for weight, old, gradient in zip(model.parameters(), before, gradients, strict=True):
        torch.testing.assert_close(weight.detach(), old - gradient / shrunk, atol=1e-6, rtol=1e-3)
    assert found["train_loss"] == pytest.approx((loss / tokens).item(), rel=1e-5)
    assert found["clipped"] == share


def test_a_nan_loss_names_run_and_epoch(monkeypatch, checkpoint):
    real = scores.summed_loss

    def broken(logits, answers):
        loss, right, tokens = real(logits, answers)
        return loss * float("nan"), right, tokens

    monkeypatch.setattr(scores, "summed_loss", broken)
    with pytest.raises(BadInput, match=r"run some-lstm: train_loss is nan in epoch 1"):
        train.train("some-lstm", run(), 50, ROWS, ROWS, checkpoint)


def test_a_saved_network_answers_as_before(tmp_path, checkpoint):
    trained, _ = train.train("r", run(), 50, ROWS, ROWS, checkpoint)
    weights.save(tmp_path / "r.safetensors", trained)
    again = weights.load(tmp_path / "r.safetensors")
    assert (again.run, again.operands, again.steps, again.history) == ("r", 50, 7, trained.history)
    one, other = (scores.decode(network.model, ROWS[0], 7) for network in (trained, again))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_a_last_step_that_breaks_the_network_is_found_too(monkeypatch, checkpoint):
    monkeypatch.setattr(
        torch.nn.utils, "clip_grad_norm_", lambda weights, _: sum(w.grad.fill_(torch.nan).sum() for w in weights)
    )
    with pytest.raises(BadInput, match=r"run some-lstm: valid_loss is nan in epoch 1"):
        train.train("some-lstm", run(), 50, ROWS, ROWS, checkpoint)


@pytest.fixture
def samples(corpus, tmp_path):
    config = write_params(tmp_path / "params.yaml")
    paths = [tmp_path / f"{name}.parquet" for name in ("subset", "train", "valid")]
    assert stage("subset", config, "small", corpus, paths[0]).returncode == 0
    assert stage("sample", config, "small", *paths).returncode == 0
    return config, *paths[1:]


@CELL
def test_same_seed_same_bytes(cell, samples, tmp_path):
    config, *rows = samples
    made_of_it = "predictions.parquet", "products.parquet", "metrics.json", "history.csv", "plots.csv"
    for name in ("one", "two"):
        folder = tmp_path / name
        made = folder / "r.safetensors", folder / "timing.json"
        done = stage("train", config, f"small-{cell}", *rows, *made, tmp_path / ".resume")
        assert done.returncode == 0, done.stderr
        assert f"small-{cell} 2/2: loss" in done.stderr
        paths = [rows[0], *(folder / file for file in made_of_it)]
        outputs = options(dict(zip(EVALUATED, paths, strict=True)))
        assert stage("evaluate", config, folder / "r.safetensors", rows[1], *outputs).returncode == 0
    for file in ("r.safetensors", *made_of_it):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    timing = json.loads((tmp_path / "one" / "timing.json").read_text())
    assert set(timing) >= {"seconds_per_epoch", "rows_per_second", "device", "threads", "processes", "torch"}
    assert 50 < timing["peak_memory_mib"] < 20_000
    predictions = pq.read_table(tmp_path / "one" / "predictions.parquet")
    assert predictions["src"] == pq.read_table(rows[1])["src"]


def test_another_seed_other_weights(samples, tmp_path):
    _, *rows = samples
    found = []
    for seed in (1, 2):
        config = write_params(tmp_path / f"{seed}.yaml", seed=seed)
        path = tmp_path / f"{seed}.safetensors"
        assert (
            stage("train", config, "small-gru", *rows, path, tmp_path / "timing.json", tmp_path / ".resume").returncode
            == 0
        )
        found.append(weights.load(path).model.head[0].weight)
    assert not torch.equal(*found)
