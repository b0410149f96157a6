"""How `one_line` ends a stage: its message, out of memory, its own errors, signals."""

import contextlib
import os
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
import torch
from conftest import ROOT

from stages.common.command import one_line
from stages.common.messages import BadInput


def message_of(stage, error):
    with pytest.raises(SystemExit) as end, one_line(stage):
        raise error
    return end.value.code


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[2Jb", "a" * 10**6])
def test_a_message_is_one_line(text):
    message = message_of("train", BadInput(text))
    assert message.startswith("train: a")
    assert message.isprintable()
    assert len(message) < 3000


def on_a_gpu(size):
    raise RuntimeError(f"CUDA out of memory. Tried to allocate {size} bytes.")


@pytest.mark.parametrize("allocate", [np.empty, pa.allocate_buffer, torch.empty, bytearray, on_a_gpu])
def test_too_little_memory_is_told_as_such(allocate):
    with pytest.raises(SystemExit) as end, one_line("train"):
        allocate(10**15)  # bytes that no machine has
    assert end.value.code.startswith("train: out of memory; try ")


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("a")])
def test_an_error_of_the_program_s_own_is_not_hidden(error):
    with pytest.raises(type(error), match=str(error)), one_line("train"):
        raise error


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler])
def test_stop_signals_interrupt_a_stage_unless_they_are_ignored(handler):
    """A shell ignores SIGINT in background commands."""
    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    before = [signal.signal(number, handler) for number in numbers]
    try:
        with contextlib.suppress(SystemExit), one_line("stage"):
            during = [signal.getsignal(number) for number in numbers]
            raise KeyboardInterrupt
    finally:
        for number, earlier in zip(numbers, before, strict=True):
            signal.signal(number, earlier)
    assert during == [signal.default_int_handler if handler is signal.SIG_DFL else handler] * 3
    assert message_of("stage", KeyboardInterrupt()) == "stage: stopped"


def test_ctrl_c_while_pytorch_is_imported(tmp_path):
    (tmp_path / "torch.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = [sys.executable, "-m", "stages.train", "params.yaml", "full-lstm", *"abcdefg"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # pytest may run in a shell's background
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, preexec_fn=heard)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
