"""params.yaml: the values of a good file, and the one-line message for each bad one."""

import dataclasses
from typing import get_args

import pytest
from conftest import EVALUATED, FOLDERS, options, stage

from stages.common import params
from stages.common.messages import BadInput

GOOD = """
embed_dim: 256
hidden_dim: 256
layers: 2
batch_size: 256
epochs: 25
lr: 0.001
grad_clip: 2.0
precision: float32
decoder: context
schedule: constant
optimizer: adamw
scratchpad: none
seed: 42
sample_seed: 42
valid_share: 0.1
corpus:
  operands: 50
datasets:
  single_digit: {rule: {max: 9}, sample: all, split: rows}
  without_1: {rule: {without: "1"}, sample: 20288, split: rows}
  full: {rule: {}, sample: 20566, split: rows}
runs:
  full-lstm: {dataset: full, cell: lstm}
  single_digit-gru: {dataset: single_digit, cell: gru}
"""


*SOME, LAST = map(repr, get_args(params.Cell))
CELLS = f"{', '.join(SOME)} or {LAST}"  # as a message lists them
NAME = "runs: a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-' "


def changed(tmp_path, old, new):
    assert GOOD.count(old) >= 1, "the test no longer fits params.yaml"
    path = tmp_path / "params.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    return path


def test_the_committed_file(committed):
    config = params.read(committed)
    assert (config.batch_size, config.epochs, config.lr, config.grad_clip) == (256, 25, 0.001, 2.0)
    assert (config.embed_dim, config.hidden_dim, config.layers) == (256, 256, 2)
    assert config.corpus.operands == 50
    assert {name: (run.dataset, run.cell) for name, run in config.runs.items()} == {
        "full-lstm": ("full", "lstm"),
        "single_digit-lstm": ("single_digit", "lstm"),
        "two_digit-lstm": ("two_digit", "lstm"),
        "without_1-lstm": ("without_1", "lstm"),
        "single_digit-gru": ("single_digit", "gru"),
    }


def test_a_run_takes_the_root_s_numbers_and_its_own(tmp_path):
    path = changed(tmp_path, "cell: gru}", "cell: gru, epochs: 3, lr: 1e-05}")
    runs = params.read(path).runs
    assert (runs["single_digit-gru"].epochs, runs["single_digit-gru"].lr) == (3, 1e-5)
    assert (runs["full-lstm"].epochs, runs["full-lstm"].lr) == (25, 0.001)
    assert runs["single_digit-gru"].hidden_dim == 256


def test_numbers_as_dvc_writes_them(tmp_path):
    assert params.read(changed(tmp_path, "lr: 0.001", "lr: 1e-05")).lr == 1e-5
    assert params.read(changed(tmp_path, "grad_clip: 2.0", "grad_clip: 2")).grad_clip == 2
    assert params.read(changed(tmp_path, "grad_clip: 2.0", "grad_clip: none")).grad_clip == "none"


def test_nothing_can_be_changed_after_reading(committed):
    config = params.read(committed)
    for frozen, field in [(config, "lr"), (config.runs["full-lstm"], "lr"), (config.datasets["full"].rule, "min")]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(frozen, field, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lr: 0.001", "lr: -1", "lr: must be greater than 0 (found -1)"),
        ("lr: 0.001", "lr: .nan", "lr: must be a finite number (found nan)"),
        ("lr: 0.001", "lr: .inf", "lr: must be a finite number (found inf)"),
        ("lr: 0.001", "lr: 7", "lr: must be at most 1 (found 7)"),
        ("lr: 0.001", "lr: fast", "lr: must be a number (found 'fast')"),
        ("lr: 0.001", "lr:", "lr: must be a number (found nothing)"),
        ("lr: 0.001", "learning_rate: 0.001", "lr: missing"),
        ("lr: 0.001", "lr: 0.001\nleraning_rate: 1", "leraning_rate: unknown key"),
        ("epochs: 25", "epochs: 0", "epochs: must be at least 1 (found 0)"),
        ("epochs: 25", "epochs: 2.5", "epochs: must be a whole number (found 2.5)"),
        ("epochs: 25", "epochs: true", "epochs: must be a whole number (found true)"),
        (
            "hidden_dim: 256",
            "hidden_dim: 99999",
            "hidden_dim: must be at most 8192 (found 99999)",
        ),
        ("batch_size: 256", "batch_size: 0", "batch_size: must be at least 1 (found 0)"),
        ("layers: 2", "layers: 0", "layers: must be at least 1 (found 0)"),
        (
            "precision: float32",
            "precision: half",
            "precision: must be 'float32', 'tf32' or 'bf16' (found 'half')",
        ),
        ("grad_clip: 2.0", "grad_clip: .nan", "grad_clip: must be a number above 0, or none (found nan)"),
        ("seed: 42", "seed: -1", "seed: must be at least 0 (found -1)"),
        ("valid_share: 0.1", "valid_share: 1.0", "valid_share: must be less than 1 (found 1.0)"),
        ("operands: 50", "operands: 5000", "corpus.operands: must be at most 1000 (found 5000)"),
        ("cell: gru", "cell: perceptron", f"runs.single_digit-gru.cell: must be {CELLS} (found 'perceptron')"),
        ("cell: gru", "cell: gru, lrr: 1", "runs.single_digit-gru.lrr: unknown key"),
        ("cell: gru", "cell: gru, lr: 0", "runs.single_digit-gru.lr: must be greater than 0 (found 0)"),
        (", cell: gru", "", "runs.single_digit-gru.cell: missing"),
        (
            "dataset: full,",
            "dataset: ful,",
            "runs.full-lstm.dataset: no dataset 'ful'; there are single_digit, without_1, full",
        ),
        ("{max: 9}", "{mx: 9}", "datasets.single_digit.rule.mx: unknown key"),
        ("{max: 9}", "{min: 9, max: 2}", "datasets.single_digit.rule: min 9 is above max 2: no operand would be left"),
        (
            '{without: "1"}',
            "{without: abc}",
            "datasets.without_1.rule.without: must be the characters to leave out, in quotes, such as "
            '"1" or "+-" (found \'abc\')',
        ),
        (
            '{without: "1"}',
            "{without: 1}",
            "datasets.without_1.rule.without: must be the characters to leave out, in quotes, such as "
            '"1" or "+-" (found 1)',
        ),
        (
            "{max: 9}",
            "{max: 70000}",
            "datasets.single_digit.rule.max: must be at most 999 (found 70000)",
        ),
        (
            "  full-lstm:",
            "  -hot:",
            NAME + "(found '-hot')",
        ),
        (
            "  full-lstm:",
            "  a.b:",
            NAME + "(found 'a.b')",
        ),
        ("{dataset: full, cell: lstm}", "", "runs.full-lstm: must hold keys and values (found nothing)"),
        (
            "sample: all",
            "sample: most",
            "datasets.single_digit.sample: must be a number of rows, at least 2 (one to train on, one to hold out), "
            "or all (found 'most')",
        ),
    ],
)
def test_one_wrong_value_one_clear_line(tmp_path, old, new, message):
    path = changed(tmp_path, old, new)
    with pytest.raises(BadInput) as error:
        params.read(path)
    assert str(error.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    "text",
    [
        *("", "[1, 2]", "lr: [", "a: 1\na: 2", "\tlr: 1", "null", "runs: 3", "\x00"),
        *("seed: 2020-99-99", "epochs: " + "9" * 5000, "epochs: 0x_", "[" * 3000, "lr: !!bool xx"),
    ],
)
def test_files_without_params(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        params.read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["generate", "subset", "sample", "train", "evaluate", "report"])
def test_every_stage_checks_the_whole_file(name, tmp_path):
    path = changed(tmp_path, "cell: gru", "cell: perceptron")
    arguments = {
        "generate": ["out"],
        "subset": ["full", "in", "out"],
        "sample": ["full", "in", "out", "out"],
        "train": ["full-lstm", "in", "in", "out", "out", "out"],
        "evaluate": ["in", "in", *options(dict.fromkeys(EVALUATED, "out"))],
        "report": ["in", *options({**dict.fromkeys(FOLDERS, "in"), "page": "out"})],
    }
    done = stage(name, path, *(tmp_path / word if word in ("in", "out") else word for word in arguments[name]))
    assert done.returncode == 1
    assert done.stderr == f"{name}: {path}: runs.single_digit-gru.cell: must be {CELLS} (found 'perceptron')\n"
    assert not (tmp_path / "out").exists()
