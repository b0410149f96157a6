"""How `one_line` ends a stage: its message, out of memory, its own errors, and signal handlers."""

import contextlib
import signal

import numpy as np
import pyarrow as pa
import pytest
import torch

from stages.common.command import SMALLER, one_line
from stages.common.messages import BadInput, printable


def message_of(stage, error):
    with pytest.raises(SystemExit) as end, one_line(stage):
        raise error
    return end.value.code


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\x00b", "a\udcffb"])
def test_a_message_is_one_line(text):
    message = message_of("train", BadInput(text))
    assert message.startswith("train: a\\")
    assert message.isprintable()
    assert len(message_of("train", BadInput("a" * 10**7))) < 3000


def test_what_is_shown_of_a_text():
    assert shown("12*(3+4)=") == "12*(3+4)="
    assert shown("\xe4\u20ac\t") == "\xe4\u20ac\\t"
    assert shown("a" * 60) == "a" * 60
    assert shown("a" * 61) == "a" * 59 + "\u2026"
    assert shown("abc", most=2) == "a\u2026"
    assert shown("\n" * 10**7) == "\\n" * 29 + "\\\u2026"


HUGE = 10**15  # bytes that no machine has


@pytest.mark.parametrize("allocate", [np.empty, pa.allocate_buffer, torch.empty, bytearray])
def test_too_little_memory_is_told_as_such(allocate):
    with pytest.raises(SystemExit) as end, one_line("train"):
        allocate(HUGE)
    assert end.value.code == f"train: out of memory; try {SMALLER['train']}"


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("generate", ["corpus.operands"]),
        ("subset", ["corpus.operands"]),
        ("sample", ["sample", "corpus.operands"]),
        ("train", ["embed_dim", "hidden_dim", "layers", "batch_size"]),
        ("evaluate", ["rows", "hidden_dim", "layers"]),
        ("score", ["hidden_dim", "layers"]),
        ("predict", ["expressions"]),
        ("report", ["runs", "samples"]),
        ("study", ["--workers"]),
        ("another", ["less at a time"]),
    ],
)
def test_what_needs_less_memory(stage, words):
    for error in (
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        OSError(12, "Cannot allocate memory"),
    ):
        message = message_of(stage, error)
        assert message.startswith(f"{stage}: out of memory; try ")
        assert all(word in message for word in words)


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("a")])
def test_an_error_of_the_program_s_own_is_not_hidden(error):
    with pytest.raises(type(error), match=str(error)), one_line("train"):
        raise error


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, lambda *_: None])
@pytest.mark.parametrize("error", [SystemExit, BadInput("x"), KeyboardInterrupt, ZeroDivisionError])
def test_signal_handlers_are_given_back(handler, error):
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, handler) for number in numbers]
    try:
        taken = handlers_during(error, numbers)
        left = [signal.getsignal(number) for number in numbers]
    finally:
        for number, known in zip(numbers, before, strict=True):
            signal.signal(number, known)
    assert taken == [signal.default_int_handler if handler is signal.SIG_DFL else handler] * 2
    assert left == [handler] * 2


def handlers_during(error, numbers):
    """The handlers of these signals while a stage runs, which then ends with this error."""
    taken = []
    with contextlib.suppress(SystemExit, ZeroDivisionError), one_line("stage"):
        taken += [signal.getsignal(number) for number in numbers]
        raise error
    return taken
