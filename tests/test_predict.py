"""`python -m stages.predict` as a person uses it: expressions, lines from a pipe or a file, and a prompt."""

import functools
import importlib.util
import os
import re
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest
import torch
from conftest import ROOT, stage

from stages import predict
from stages.arithmetic import questions
from stages.network import TOKENS, scores, tokens, weights
from tests.networks import constant, predict_command, save
from tests.terminals import SECONDS, running, terminal

ANSWER = "3+4=  answer 7  true 7  right  probability 1.00\n"
PROMPT = "calculator: type an expression such as 12 * (3 + 4); Ctrl-D exits\n"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A network that answers '7' with certainty whatever it is asked, and one that never ends its answer."""
    folder = tmp_path_factory.mktemp("models")
    for run, text in {"calculator": "7", "endless": ""}.items():
        save(folder, run, constant(text))
    return folder


@pytest.fixture
def command(tmp_path):
    return predict_command(tmp_path, "7")


def answered(models, *expressions, text=""):
    return stage("predict", "--models", models, *expressions, text=text)


def test_good_and_malformed_expressions(models):
    """A malformed one costs the others nothing, but the exit status is 2."""
    done = answered(models, "3+4=", "12 * (3 + 4)", "3+", " 7\t-0 = ", "99*2", "1+2+3+4", "-3+4", "--3")
    assert done.stdout.splitlines() == [
        "3+4=       answer 7  true 7  right  probability 1.00",
        "12*(3+4)=  answer 7  true 84  wrong  probability 1.00",
        "7-0=       answer 7  true 7  right  probability 1.00",
        "99*2=      answer 7  true 198  wrong  probability 1.00",
        "1+2+3+4=   answer 7  true 10  wrong  probability 1.00",
    ]
    assert done.stderr.splitlines() == [
        "predict: '3+': position 3: expected a number or '(', found the end",
        "predict: warning: 99*2: the network never saw an operand above 49",
        "predict: warning: 1+2+3+4: the network never saw an expression of this shape",
        "predict: '-3+4': position 1: expected a number or '(', found '-'",
        "predict: '--3': position 1: expected a number or '(', found '-'",
    ]
    assert done.returncode == 2
    assert answered(models, "3+4").returncode == 0
    done = answered(models, "3+", "")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 2)


def test_an_answer_without_an_end_is_wrong(models):
    done = answered(models, "--run", "endless", "3333333+0")
    assert done.stdout == "3333333+0=  answer 3333333  true 3333333  wrong  probability 1.00\n"


def test_the_work_is_shown_with_its_first_wrong_step(models, tmp_path, monkeypatch):
    written = {"12*(3+4)=": "12*7=84", "47*(3+30)=": "47*33=141+1400=1541", "7*8=": "56", "7-9=": "=-2"}

    def decode(trained, sources):
        texts = [tokens.decode(token for token in row if token) for row in sources.tolist()]
        return tokens.encode_answers([written[text] for text in texts]), torch.ones(len(texts))

    monkeypatch.setattr(scores, "decode", decode)
    trained = weights.load(models / "calculator.safetensors")
    weights.save(tmp_path / "steps.safetensors", replace(trained, scratchpad="steps"))
    assert answered(tmp_path, "--run", "steps", *written).stdout.splitlines() == [
        "12*(3+4)=   answer 84  true 84  right  probability 1.00  work 12*7=84",
        "47*(3+30)=  answer 1541  true 1551  wrong  probability 1.00  work 47*33=141+1400=1541  "
        "47*33: 141+1400 is wrong",
        "7*8=        answer 56  true 56  right  probability 1.00",
        "7-9=        answer -2  true -2  right  probability 1.00  work =-2  7-9: the next step is missing",
    ]
    # A network without a scratchpad has written no work, but a wrong answer
    without = answered(models, "12*(3+4)")
    assert without.stdout == "12*(3+4)=  answer 12*7=84  true 84  wrong  probability 1.00\n"


def test_a_network_that_asks_itself_shows_its_questions(models, tmp_path, monkeypatch):
    """It answers by the rule, but for 3+4; a stream of expressions gets a line each."""

    def write(model, sources, steps):
        read = [tokens.decode(ids).rstrip("_") for ids in sources.tolist()]
        split = [text.removesuffix("=").split("=") for text in read]
        texts = ["8" if q == "3+4" else questions.following(q, values) for q, *values in split]
        return tokens.encode_answers(texts), torch.full([len(texts)], 0.5)

    monkeypatch.setattr(scores, "greedy", write)
    trained = weights.load(models / "calculator.safetensors")
    weights.save(tmp_path / "asks.safetensors", replace(trained, scratchpad="questions"))
    assert answered(tmp_path, "--run", "asks", "14+5", "2*(3+4)", "7").stdout.splitlines() == [
        "14+5=     answer 19  true 19  right  probability 0.12",
        "    4+5=9",
        "2*(3+4)=  answer 16  true 14  wrong  probability 0.03  3+4: 8 is wrong",
        "    3+4=8",
        "    2*8=16",
        "7=        answer 7  true 7  right  probability 0.50",
    ]
    piped = answered(tmp_path, "--run", "asks", text="2*(3+4)\n")
    assert piped.stdout == "2*(3+4)=  answer 16  true 14  wrong  probability 0.03  3+4: 8 is wrong\n"


def test_a_probability_that_is_nan(tmp_path):
    """NaN in the embedding of 8 affects only expressions with an 8."""
    model = constant("7")
    with torch.no_grad():
        model.embedding.weight[TOKENS.index("8")] = torch.nan
    save(tmp_path, "nan", model)
    done = answered(tmp_path, "--run", "nan", "3+4", "3+8")
    expected = f"{tmp_path / 'nan.safetensors'}: its probability of an answer to 3+8= is nan; "
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"predict: {expected}train it again with a smaller lr\n"
    assert answered(tmp_path, "--run", "nan", "3+4").returncode == 0


def test_what_is_missing(models, tmp_path):
    path = tmp_path / "calculator.safetensors"
    assert answered(tmp_path, "1").stderr == f"predict: {path}: no such file; `git checkout {path}` brings it back\n"
    done = answered(models, "--run", "nothing", "3+4")
    assert done.stderr == f"predict: {models / 'nothing.safetensors'}: no such file; `dvc repro` makes it\n"
    assert done.returncode == 1
    done = answered(models, "3+4", "--rnu", "endless")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such option: --rnu" in done.stderr


def test_the_committed_network_that_asks_itself_calculates_beyond_what_it_saw():
    expressions = ["99+1", "123*45", "1+2+3+4", "88-98", "12*(3+4)", "7000-6543"]
    done = answered(ROOT / "data" / "models", "--run", "questions", *expressions)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    for line, text in zip(lines, expressions, strict=True):
        assert re.match(rf"{re.escape(text)}= +answer {eval(text)}  true {eval(text)}  right ", line), line


def test_in_a_sub_folder_the_repository_s_own_network_answers():
    path = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.predict", "3+4"]
    done = subprocess.run(command, cwd=ROOT / "reports" / "studies", env=path, capture_output=True, text=True)
    assert done.stdout.startswith("3+4=  answer 7  true 7  right ")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_asks_and_waits_for_the_answer(command):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with running(command, text=True, **pipes) as process:
        ask = functools.partial(print, file=process.stdin, flush=True)
        ask("3 + 4")
        assert process.stdout.readline() == ANSWER
        ask("3+")
        assert process.stderr.readline() == "predict: '3+': position 3: expected a number or '(', found the end\n"
        ask("12*(3", end="")
        ask("+4)\n7-0", end="")
        assert process.stdout.readline() == "12*(3+4)=  answer 7  true 84  wrong  probability 1.00\n"
        process.stdin.close()
        assert process.stdout.read().startswith("7-0=  ")
        assert (process.wait(), process.stderr.read()) == (2, "")


def test_the_first_answer_is_all_that_is_wanted(command):
    """141 is the exit status of `yes | head -1` too."""
    shell = f"yes '1+1' | {' '.join(command)} | head -1; echo ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert (done.stdout, done.stderr) == ("1+1=  answer 7  true 2  wrong  probability 1.00\n141\n", "")


def test_lines_are_answered_in_batches(models, monkeypatch):
    sizes, real = [], scores.decode
    monkeypatch.setattr(scores, "decode", lambda trained, ids: sizes.append(len(ids)) or real(trained, ids))
    asked = [f"{n % 50}+0" for n in range(4500)]
    asked[4000] = "3+"
    done = answered(models, text="\n".join(asked))
    assert sizes == [2048, 2047, 403, 1]  # the last line has no end, so more of it could have come
    assert [line.split("=")[0] for line in done.stdout.splitlines()] == asked[:4000] + asked[4001:]
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    empty = answered(models, text="")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "")


class Stream:
    """What arrives, a piece at each read."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def read1(self, most):
        return next(self.pieces, b"")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_arrive_in_any_pieces(end):
    """With a byte order mark, as Windows writes it, and a byte that is not UTF-8."""
    content = f"\ufeff3+4={end}{end}7-0{end}  1*\u00e41{end}".encode() + b"\xff2*3"
    for first in range(len(content) + 1):
        for second in range(first, len(content) + 1):
            pieces = filter(None, (content[:first], content[first:second], content[second:]))
            lines = [line for batch in predict.arrived(Stream(pieces)) for line in batch if line]
            assert lines == ["3+4=", "7-0", "  1*\u00e41", "\\xff2*3"]


@POSIX
def test_a_prompt(command):
    with terminal(command) as (process, screen):
        assert screen.until("> ") == f"{PROMPT}> "
        screen.types("12 * (3 + 4)\n")
        assert "\n12*(3+4)=  answer 7  true 84  wrong  probability 1.00\n> " in screen.until(" 1.00\n> ")
        screen.types("1 2+3\n")
        message = "predict: '1 2+3': position 3: expected an operator, '=' or the end, found '2'\n> "
        assert f"\n{message}" in screen.until("found '2'\n> ")
        screen.types("\n")
        assert screen.until("> ") == "\n> "
        if importlib.util.find_spec("readline"):
            screen.types("\x1b[A" * 2 + "\n")  # the arrow key that goes back in the history
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
