"""`python -m stages.predict` without expressions: a prompt on a terminal, lines of a pipe as they arrive."""

import builtins
import contextlib
import functools
import importlib.util
import os
import select
import signal
import subprocess
import sys
import threading
import time
import tracemalloc

import psutil
import pytest
from conftest import ROOT, stage

from stages import predict
from stages.network import scores
from tests.networks import constant, save

SECONDS = 120  # after which a process that does not answer is killed
TOO_LONG = "position 201: too long; at most 200 characters, not counting blanks\n"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """The command, with a network that answers '7' with certainty whatever it is asked."""
    folder = tmp_path_factory.mktemp("models")
    save(folder, "calculator", constant("7"))
    return [sys.executable, "-m", "stages.predict", "--models", str(folder)]


@contextlib.contextmanager
def started(command, **streams):
    with subprocess.Popen(command, cwd=ROOT, **streams) as process:
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


class Terminal:
    """A terminal with the command on it."""

    def __init__(self, main):
        self.main, self.unread = main, ""

    def types(self, text):
        os.write(self.main, text.encode())

    def until(self, text):
        """What is shown up to this text and with it."""
        ends = time.monotonic() + SECONDS
        while text not in self.unread:
            ready, _, _ = select.select([self.main], [], [], max(0, ends - time.monotonic()))
            assert ready, f"no {text!r} after {self.unread!r}"
            self.unread += os.read(self.main, 1 << 16).decode().replace("\r\n", "\n")
        shown, _, self.unread = self.unread.partition(text)
        return shown + text


@contextlib.contextmanager
def terminal(command, **streams):
    """The command on a terminal of its own, apart from other streams that are given: the two."""
    import fcntl  # here, because Windows has none of these
    import pty
    import termios

    def owned():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which it is not in what a shell starts with &

    main, its = pty.openpty()
    env = os.environ | {"TERM": "dumb"}  # no colours
    try:
        known = {"stdin": its, "stdout": its, "stderr": its} | streams
        with started(command, env=env, preexec_fn=owned, **known) as process:
            os.close(its)
            yield process, Terminal(main)
    finally:
        os.close(main)


@POSIX
def test_a_prompt(command):
    with terminal(command) as (process, shown):
        assert shown.until("> ") == "calculator: type an expression such as 12 * (3 + 4); Ctrl-D exits\n> "
        shown.types("12 * (3 + 4)\n")
        assert "\n12*(3+4)=  answer 7  true 84  wrong  probability 1.00\n> " in shown.until(" 1.00\n> ")
        shown.types("1 2+3\n")
        told = "predict: '1 2+3': position 3: expected an operator, '=' or the end, found '2'\n> "
        assert f"\n{told}" in shown.until("found '2'\n> ")
        shown.types("\n \n")
        assert shown.until("> ") + shown.until("> ") == "\n>  \n> "
        shown.types("99*2\n")
        assert "warning: 99*2: the network never saw an operand above 49\n99*2=  answer 7  true 198" in shown.until(
            "> "
        )
        if importlib.util.find_spec("readline"):
            shown.types("\x1b[A" * 4 + "\n")
            assert "\n12*(3+4)=  answer 7  true 84 " in shown.until(" 1.00\n> ")
        shown.types("\x04")
        assert process.wait() == 0  # though a line was malformed
        assert shown.until("\n") == "\n"


@POSIX
def test_ctrl_c_at_a_prompt(command):
    with terminal(command) as (process, shown):
        shown.until("> ")
        # Python misses a signal between showing its prompt and waiting for a key
        while psutil.Process(process.pid).status() != psutil.STATUS_SLEEPING:
            time.sleep(0.01)
        shown.types("3+4\x03")
        assert "\npredict: stopped\n" in shown.until("stopped\n")
        assert process.wait() == 1


@POSIX
def test_what_is_typed_may_be_answered_elsewhere(command):
    """In a file or a pipe there is no prompt."""
    with terminal(command, stdout=subprocess.PIPE) as (process, shown):
        shown.until("Ctrl-D exits\n")
        shown.types("3+4\n")
        assert process.stdout.readline() == b"3+4=  answer 7  true 7  right  probability 1.00\n"
        shown.types("3+\n7-0\n")
        assert process.stdout.readline() == b"7-0=  answer 7  true 7  right  probability 1.00\n"
        shown.types("\x04")
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


def test_a_program_asks_and_waits_for_the_answer(command):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with started(command, text=True, **pipes) as process:
        ask = functools.partial(print, file=process.stdin, flush=True)
        ask("3 + 4")
        assert process.stdout.readline() == "3+4=  answer 7  true 7  right  probability 1.00\n"
        ask("3+")
        assert process.stderr.readline() == "predict: '3+': position 3: expected a number or '(', found the end\n"
        ask("12*(3", end="")
        ask("+4)\n7-0")
        assert process.stdout.readline() == "12*(3+4)=  answer 7  true 84  wrong  probability 1.00\n"
        assert process.stdout.readline().startswith("7-0=  ")
        ask("1" * 10**8 + "\n1*1", end="")
        assert process.stderr.readline() == f"predict: '{'1' * 19}…': {TOO_LONG}"
        process.stdin.close()
        assert process.stdout.read() == "1*1=  answer 7  true 1  wrong  probability 1.00\n"
        assert (process.wait(), process.stderr.read()) == (2, "")


def test_the_first_answer_is_all_that_is_wanted(command):
    shell = f"yes '1+1' | {' '.join(command)} | head -1; echo ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert (done.stdout, done.stderr) == ("1+1=  answer 7  true 2  wrong  probability 1.00\n141\n", "")


def test_lines_are_answered_in_batches(command, monkeypatch):
    """Each malformed line is told before the answers of its batch."""
    sizes, real = [], scores.decode
    monkeypatch.setattr(scores, "decode", lambda model, ids, steps: sizes.append(len(ids)) or real(model, ids, steps))
    asked = [f"{n % 50}+0" for n in range(2500)]
    asked[2000] = "3+"
    done = stage("predict", *command[3:], text="\n".join(asked))
    assert sizes == [1024, 1023, 451, 1]  # the last line has no end, so more of it could have come
    assert [line.split("=")[0] for line in done.stdout.splitlines()] == asked[:2000] + asked[2001:]
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


class Stream:
    """What arrives, a piece at each read."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def read1(self, most):
        return next(self.pieces, b"")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_arrive_in_any_pieces(end):
    content = f"\ufeff3+4={end}{end}7-0{end}  1*\u00e41{end}2*3".encode()
    for one in range(len(content) + 1):
        for other in range(one, len(content) + 1):
            pieces = filter(None, (content[:one], content[one:other], content[other:]))
            lines = [line for batch in predict.arrived(Stream(pieces)) for line in batch if line]
            assert lines == ["3+4=", "7-0", "  1*\u00e41", "2*3"]


@pytest.mark.parametrize("character", [b"1", b" ", b"\0", b"\xff", "\u3000".encode()])
def test_a_line_that_never_ends_is_not_held(character, capsys):
    piece = character * (10**6 // len(character))
    tracemalloc.start()
    try:
        batches = list(predict.arrived(Stream([b"3+4\n", *[piece] * 100, b"\n7-0\n"])))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * 2**20
    good, bad = predict.read([line for batch in batches for line in batch if line], 50)
    assert (good, bad) == (["3+4", "7-0"], 1)
    assert len(capsys.readouterr().err) < 200


def test_an_empty_file_has_no_answers(command):
    done = stage("predict", *command[3:], text="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
