"""The model file: it loads exactly what was saved, or is refused in one line."""

import pytest
import safetensors.numpy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.common.messages import BadInput
from stages.network import weights
from stages.network.cells import CELLS
from stages.network.seq2seq import DECODERS, Seq2Seq

HISTORY = [
    {"epoch": 1, "train_loss": 0.1 + 0.2, "train_token_accuracy": 0.5},
    {"epoch": 2, "train_loss": 0.25, "train_token_accuracy": 1.0},
]
SAVED = weights.Trained("small-lstm", Seq2Seq("lstm", 2, 3, 1, "attention"), 12, HISTORY)


def same(one: weights.Trained, two: weights.Trained) -> bool:
    ours, theirs = one.model.state_dict(), two.model.state_dict()
    return (
        (one.run, one.operands, one.history, one.scratchpad, one.model.shape)
        == (two.run, two.operands, two.history, two.scratchpad, two.model.shape)
        and ours.keys() == theirs.keys()
        and all(torch.equal(ours[name], theirs[name]) for name in ours)
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "r.safetensors"
    weights.save(path, SAVED)
    return path


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_saved_network_loads_unchanged_and_saves_the_same_bytes(cell, decoder, tmp_path):
    saved = weights.Trained("small", Seq2Seq(cell, 4, 6, 2, decoder), 12, HISTORY, "steps")
    paths = [tmp_path / name for name in ("first", "again")]
    weights.save(paths[0], saved)
    loaded = weights.load(paths[0])
    assert same(loaded, saved)
    assert [list(epoch) for epoch in loaded.history] == [list(epoch) for epoch in HISTORY]  # the columns' order too
    assert type(loaded.history[0]["epoch"]) is int
    weights.save(paths[1], loaded)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """The content cut short, with one flipped bit, or with other bytes somewhere; often in the header."""
    header = 8 + int.from_bytes(content[:8], "little")
    place = data.draw(st.one_of(st.integers(0, header - 1), st.integers(0, len(content) - 1)))
    flipped = bytes([content[place] ^ 1 << data.draw(st.integers(0, 7))])
    middle = data.draw(st.one_of(st.none(), st.just(flipped), st.binary(max_size=4)))
    return content[:place] if middle is None else content[:place] + middle + content[place + len(middle) :]


@settings(max_examples=600)
@given(data=st.data())
def test_no_damage_gives_another_network(data, path, tmp_path_factory):
    copy = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    copy.write_bytes(damaged(path.read_bytes(), data))
    try:
        loaded = weights.load(copy)
    except BadInput as error:
        loaded = str(error)
    assert loaded.startswith(f"{copy}: ") if isinstance(loaded, str) else same(loaded, SAVED)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file; `dvc repro` makes it"),
        (b"PK\x03\x04" * 99, "not a model written by `train`, or truncated"),
        (safetensors.numpy.save({}, {"format": "pt"}), "not a model written by `train`, or truncated"),
        (safetensors.numpy.save({}, {"trained": '{"sha256": "0"}'}), "damaged: its content does not match"),
    ],
)
def test_missing_and_foreign_files_are_named(content, message, tmp_path):
    path = tmp_path / "r.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=f"^{path}: {message}"):
        weights.load(path)
