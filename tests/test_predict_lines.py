"""`python -m stages.predict` without expressions and without a terminal: each line is answered as it arrives."""

import functools
import subprocess
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import ROOT, stage

from stages import predict
from stages.network import scores, tokens, weights
from tests.networks import predict_command
from tests.terminals import SECONDS, running

TOO_LONG = "position 201: too long; at most 200 characters, not counting blanks\n"


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """`predict` with a network that answers '7' with certainty whatever it is asked."""
    return predict_command(tmp_path_factory.mktemp("models"), "7")


def test_a_program_asks_and_waits_for_the_answer(command):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with running(command, text=True, **pipes) as process:
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


@pytest.mark.parametrize("end", ["", "="])
def test_the_longest_expression_is_answered(end, command):
    done = stage("predict", *command[3:], "1" * (200 - len(end)) + end)
    assert (done.returncode, done.stdout[195:].lstrip("1")[:12]) == (0, "=  answer 7 ")


def test_the_work_is_shown_with_its_first_wrong_step(command, monkeypatch):
    written = {"12*(3+4)=": "12*7=84", "47*(3+30)=": "47*33=141+1400=1541", "7*8=": "56", "7-9=": "=-2"}

    def decode(model, sources, steps):
        texts = [tokens.decode(token for token in row if token) for row in sources.tolist()]
        return tokens.encode_answers([written[text] for text in texts]), torch.ones(len(texts))

    monkeypatch.setattr(scores, "decode", decode)
    path = Path(command[-1]) / "steps.safetensors"
    weights.save(path, replace(weights.load(path.with_stem("calculator")), scratchpad="steps"))
    done = stage("predict", *command[3:], "--run", "steps", *written)
    assert done.stdout.splitlines() == [
        "12*(3+4)=   answer 84  true 84  right  probability 1.00  work 12*7=84",
        "47*(3+30)=  answer 1541  true 1551  wrong  probability 1.00  work 47*33=141+1400=1541  "
        "47*33: 141+1400 is wrong",
        "7*8=        answer 56  true 56  right  probability 1.00",
        "7-9=        answer -2  true -2  right  probability 1.00  work =-2  7-9: the next step is missing",
    ]
    # A network without a scratchpad has written no work, but a wrong answer
    done = stage("predict", *command[3:], "12*(3+4)")
    assert done.stdout == "12*(3+4)=  answer 12*7=84  true 84  wrong  probability 1.00\n"


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
