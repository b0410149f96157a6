"""params.yaml: the values of a good file, and one clear line for a bad one."""

import copy
import dataclasses
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stages.common import params, watch
from stages.common.messages import BadInput

GOOD = """
embed_dim: 256
hidden_dim: 256
layers: 2
batch_size: 256
epochs: 25
patience: none
lr: 0.001
grad_clip: 2.0
precision: float32
decoder: context
schedule: constant
optimizer: adamw
scratchpad: none
questions: {expression: 1.0, terms: 1.0, signs: 1.0, product: 1.0, sum: 1.0, difference: 1.0, digits: 1.0}
seed: 42
sample_seed: 42
valid_share: 0.1
test_share: 0.0
corpus: {operands: 50}
datasets:
  single_digit: {rule: {max: 9}, sample: all, split: rows}
  without_1: {rule: {without: "1"}, sample: 20288, split: rows}
  full: {rule: {}, sample: 20566, split: rows}
runs:
  full-lstm: {dataset: full, cell: lstm}
  single_digit-gru: {dataset: single_digit, cell: gru}
"""
NAME = "a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-'"


def changed(folder, old, new):
    assert old in GOOD, "the test no longer fits params.yaml"
    path = folder / "params.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    return path


def refusal(path):
    """The one line that refuses a file, without its path."""
    with pytest.raises(BadInput) as error:
        params.read(path)
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert line.isprintable()
    assert len(line) < len(str(path)) + 300
    return line.removeprefix(f"{path}: ")


def test_the_committed_file(committed):
    config = params.read(committed)
    assert (config.batch_size, config.epochs, config.lr, config.grad_clip) == (256, 25, 0.001, 2.0)
    assert config.corpus.operands == 50
    assert config.datasets["two_digit"].rule == params.Rule(min=10, max=99)
    assert {name: (run.dataset, run.cell) for name, run in config.runs.items()} == {
        **{f"{dataset}-lstm": (dataset, "lstm") for dataset in ("single_digit", "two_digit", "without_1", "full")},
        "single_digit-gru": ("single_digit", "gru"),
    }
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.runs["full-lstm"].lr = 1


def test_a_run_takes_the_root_s_numbers_and_its_own(tmp_path):
    runs = params.read(changed(tmp_path, "cell: gru}", "cell: gru, epochs: 3, lr: 1e-05}")).runs
    assert (runs["single_digit-gru"].epochs, runs["single_digit-gru"].lr) == (3, 1e-5)
    assert (runs["full-lstm"].epochs, runs["full-lstm"].lr) == (25, 0.001)
    assert runs["single_digit-gru"].hidden_dim == 256


@pytest.mark.parametrize(
    ("old", "accepted", "refused"),
    [
        ("embed_dim: 256", [1, 8192], [0, 8193, '"256"', "true", "256.0"]),
        ("hidden_dim: 256", [1, 8192], [0, 8193, '"256"', "true", "256.0"]),
        ("layers: 2", [1, 16], [0, 17, "2.5"]),
        ("batch_size: 256", [1, 2**20], [0, 2**20 + 1, ".nan"]),
        ("epochs: 25", [1, 100_000], [0, 100_001, "true", "''"]),
        ("patience: none", [1, 7, "none"], [0, -1, 2.0, "true", "None"]),
        ("lr: 0.001", [1e-05, 1, 1e-300], [0, 1.001, -1, ".nan", ".inf", "fast", '"0.1"', "true", ""]),
        ("grad_clip: 2.0", [2, 1e-9, "none"], [0, -1, ".inf", ".nan", "true", "None", '"2"']),
        ("seed: 42", [0, 2**32 - 1], [-1, 2**32, 1.0]),
        ("valid_share: 0.1", [0.001, 0.999], [0, 1, 1.0, "half"]),
        ("operands: 50", [1, 1000], [0, 1001]),
        ("sample: all", [2, 10**9, "all"], [1, 0, 2.0, "most", "true"]),
        ("rule: {}", ["{min: 3, max: 3}", "{min: 0, max: 999}"], ["{min: 4, max: 3}", "{max: 1000}", "{min: -1}"]),
        ('without: "1"', ['"*-+"', '"0123456789"'], [1, "abc", "''", '"1 "']),
    ],
)
def test_the_first_and_the_last_value_that_is_accepted(old, accepted, refused, tmp_path):
    key = old.partition(":")[0]
    for value in accepted:
        params.read(changed(tmp_path, old, f"{key}: {value}"))
    for value in refused:
        assert key in refusal(changed(tmp_path, old, f"{key}: {value}"))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("lr: 0.001", "lr: -1", "lr: must be greater than 0 (found -1)"),
        ("lr: 0.001", "learning_rate: 0.001", "lr: missing"),
        ("lr: 0.001", "lr: 0.001\nleraning_rate: 1", "leraning_rate: unknown key"),
        ("epochs: 25", "epochs: true", "epochs: must be a whole number (found true)"),
        (
            "decoder: context",
            "decoder: half",
            "decoder: must be 'context', 'feedback', 'attention' or 'pointer' (found 'half')",
        ),
        ("cell: gru", "cell: gru, lrr: 1", "runs.single_digit-gru.lrr: unknown key"),
        (", cell: gru", "", "runs.single_digit-gru.cell: missing"),
        ("dataset: full,", "dataset: ful,", "runs.full-lstm.dataset: no dataset 'ful'; there are single_digit, "),
        ("{max: 9}", "{min: 9, max: 2}", "datasets.single_digit.rule: min 9 is above max 2: no operand would be left"),
        ('"1"', "1", "datasets.without_1.rule.without: must be the characters to leave out, in quotes, such as "),
        ("  full-lstm:", "  -hot:", f"runs: {NAME} (found '-hot')"),
        ("  full-lstm:", "  full/../x:", f"runs: {NAME} (found 'full/../x')"),
        ("{dataset: full, cell: lstm}", "", "runs.full-lstm: must hold keys and values (found nothing)"),
        ("sample: all", "sample: most", "datasets.single_digit.sample: must be a number of rows, at least 2 "),
    ],
)
def test_one_wrong_value_is_one_clear_line(old, new, line, tmp_path):
    assert refusal(changed(tmp_path, old, new)).startswith(line)


def test_a_name_that_is_not_there(tmp_path):
    path = changed(tmp_path, "", "")
    assert params.find(path, "datasets", "full")[1].sample == 20566
    with pytest.raises(BadInput, match=f"^{path}: runs: no entry 'full-gru'; there are full-lstm, single_digit-gru$"):
        params.find(path, "runs", "full-gru")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[1, 2]", "must hold keys and values, such as `lr: 0.001` (found "),
        (b"null", "embed_dim: missing"),
        (b"a: 1\n\na: 2", "line 3: "),
        (b"a: 1\nlr: [", "line 2: "),
        (b"a:\n\tlr: 1", "line 2: "),
        (b"a: *b", "line 1: "),
        (b"a: !!python/object/apply:os.system [ls]", "line 1: "),
        (b"\x00", "not YAML: "),
        (b"a: \xe9", "not YAML: "),
        (b"seed: 2020-99-99", "not YAML: "),
        (b"epochs: " + b"9" * 5000, "not YAML: "),
        (b"a: " + b"[" * 500, "not YAML: "),
        (b"a: 1\n" * 70_000, "must be at most "),
    ],
)
def test_a_file_that_is_no_document(text, words, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_bytes(text)
    assert refusal(path).startswith(words)


@settings(max_examples=300)
@given(st.text("ab1.-+:,#'\"[]{}&*!%|>?~<=\n\t \\\0\u2028é", max_size=30))
@example("a: =")
@example("<<: 1")
@example("%YAML 9.9\n---\n")
def test_any_text_is_keys_and_values_or_one_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        document, line = watch.document(path), f"{path}: "
    except BadInput as error:
        document, line = {}, str(error)
    assert isinstance(document, dict)
    assert line.startswith(f"{path}: ")
    assert line.isprintable()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=80), inner, max_size=3),
    max_leaves=6,
)
RAW = YAML(typ="safe", pure=True).load(GOOD)


def places(value, where=()):
    """The path of every value inside keys and values."""
    return (
        [where]
        if not isinstance(value, dict)
        else [where, *(place for key, inner in value.items() for place in places(inner, (*where, key)))]
    )


@settings(max_examples=400)
@given(st.sampled_from(places(RAW)[1:]), VALUES, st.none() | st.text(max_size=80))
def test_any_value_of_any_key_is_accepted_or_one_line(place, value, new_key):
    """The value replaces one value of a good file, or comes beside it."""
    raw = copy.deepcopy(RAW)
    holder = raw
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1] if new_key is None else new_key] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "values", lambda _: raw)
        try:
            config = params.read(Path("params.yaml"))
        except BadInput:
            line = refusal(Path("params.yaml"))
            assert "Input should" not in line
            assert "Value error" not in line
        else:
            read = dataclasses.asdict(config)
            for key in place if new_key is None else (*place[:-1], new_key):
                read = read[key]
            assert read == value or isinstance(value, dict)
