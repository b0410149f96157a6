"""`python -m stages.predict` without expressions on a terminal: a prompt."""

import builtins
import importlib.util
import subprocess
import sys
import time

import psutil
import pytest

from stages import predict
from tests.networks import predict_command
from tests.terminals import terminal

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """`predict` with a network that answers '7' with certainty whatever it is asked."""
    return predict_command(tmp_path_factory.mktemp("models"), "7")


@POSIX
def test_a_prompt(command):
    with terminal(command) as (process, screen):
        assert screen.until("> ") == "calculator: type an expression such as 12 * (3 + 4); Ctrl-D exits\n> "
        screen.types("12 * (3 + 4)\n")
        assert "\n12*(3+4)=  answer 7  true 84  wrong  probability 1.00\n> " in screen.until(" 1.00\n> ")
        screen.types("1 2+3\n")
        message = "predict: '1 2+3': position 3: expected an operator, '=' or the end, found '2'\n> "
        assert f"\n{message}" in screen.until("found '2'\n> ")
        screen.types("\n \n")
        assert screen.until("> ") + screen.until("> ") == "\n>  \n> "
        screen.types("99*2\n")
        warned = "warning: 99*2: the network never saw an operand above 49\n99*2=  answer 7  true 198"
        assert warned in screen.until("> ")
        if importlib.util.find_spec("readline"):
            screen.types("\x1b[A" * 4 + "\n")
            assert "\n12*(3+4)=  answer 7  true 84 " in screen.until(" 1.00\n> ")
        screen.types("\x04")
        assert process.wait() == 0  # though a line was malformed
        assert screen.until("\n") == "\n"


@POSIX
def test_ctrl_c_at_a_prompt(command):
    with terminal(command) as (process, screen):
        screen.until("> ")
        # Python misses a signal between showing its prompt and waiting for a key
        while psutil.Process(process.pid).status() != psutil.STATUS_SLEEPING:
            time.sleep(0.01)
        screen.types("3+4\x03")
        assert "\npredict: stopped\n" in screen.until("stopped\n")
        assert process.wait() == 1


@POSIX
def test_what_is_typed_may_be_answered_elsewhere(command):
    """In a file or a pipe there is no prompt."""
    with terminal(command, stdout=subprocess.PIPE) as (process, screen):
        screen.until("Ctrl-D exits\n")
        screen.types("3+4\n")
        assert process.stdout.readline() == b"3+4=  answer 7  true 7  right  probability 1.00\n"
        screen.types("3+\n7-0\n")
        assert process.stdout.readline() == b"7-0=  answer 7  true 7  right  probability 1.00\n"
        screen.types("\x04")
        assert (process.wait(), process.stdout.read()) == (0, b"")


def test_a_prompt_without_readline(monkeypatch, capsys):
    typed = iter(["3+4", "", EOFError()])

    def read(prompt):
        if isinstance(line := next(typed), Exception):
            raise line
        return line

    monkeypatch.setitem(sys.modules, "readline", None)
    monkeypatch.setattr(builtins, "input", read)
    assert list(predict.typed()) == [["3+4"], [""]]
    assert capsys.readouterr().out == "\n"
