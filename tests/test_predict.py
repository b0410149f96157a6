"""`python -m stages.predict` as a person uses it."""

import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT, process, stage

from stages.network import tokens
from tests.networks import constant, save


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A network that answers '7' with certainty whatever it is asked, and one that never ends its answer."""
    folder = tmp_path_factory.mktemp("models")
    for run, tokens in {"calculator": "7", "endless": ""}.items():
        save(folder, run, constant(tokens))
    return folder


def predict(models, *expressions, text="", run=()):
    return stage("predict", "--models", models, *run, *expressions, text=text)


def test_right_and_wrong(models):
    done = predict(models, "3+4=", "12*(3+4)", "7-0")
    assert done.stdout.splitlines() == [
        "3+4=       answer 7  true 7  right  probability 1.00",
        "12*(3+4)=  answer 7  true 84  wrong  probability 1.00",
        "7-0=       answer 7  true 7  right  probability 1.00",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_answers_too(models):
    done = process("predict", "--models", models, "3+4")
    assert (done.returncode, done.stdout, done.stderr) == (0, "3+4=  answer 7  true 7  right  probability 1.00\n", "")


def test_blanks_are_removed(models):
    done = predict(models, "12 * (3 + 4)", " 7\t-0 = ", "1 2+3", "\n99 * 2")
    assert done.stdout.splitlines() == [
        "12*(3+4)=  answer 7  true 84  wrong  probability 1.00",
        "7-0=       answer 7  true 7  right  probability 1.00",
        "99*2=      answer 7  true 198  wrong  probability 1.00",
    ]
    assert done.stderr.splitlines() == [
        "predict: '1 2+3': position 3: expected an operator, '=' or the end, found '2'",
        "predict: warning: 99*2: the network never saw an operand above 49",
    ]
    assert done.returncode == 2


def test_lines_from_standard_input(models):
    done = predict(models, text="3+4=\n\n  1*1\n")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["3+4=", "1*1="]
    assert done.returncode == 0


def test_a_malformed_one_among_good_ones(models):
    done = predict(models, "3+4", "3+", "-3+4", "5+2")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["3+4=", "5+2="]
    assert done.stderr.splitlines() == [
        "predict: '3+': position 3: expected a number or '(', found the end",
        "predict: '-3+4': position 1: expected a number or '(', found '-'",
    ]
    assert done.returncode == 2


def test_only_malformed_ones(models):
    done = predict(models, "3+", "")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 2)


def test_outside_the_corpus_is_answered_with_a_warning(models):
    done = predict(models, "99*2", "1+2+3+4", "3+4")
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.splitlines() == [
        "predict: warning: 99*2: the network never saw an operand above 49",
        "predict: warning: 1+2+3+4: the network never saw an expression of this shape",
    ]
    assert done.returncode == 0


def test_an_answer_without_an_end_is_wrong(models):
    done = predict(models, "3333333+0", run=["--run", "endless"])
    assert done.stdout == "3333333+0=  answer 3333333  true 3333333  wrong  probability 1.00\n"


def test_bytes_that_are_not_utf_8(models):
    command = [sys.executable, "-m", "stages.predict", "--models", models]
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, input=b"\xff1+2\n7-0\n", capture_output=True, cwd=ROOT, env=strict)
    assert done.stdout == b"7-0=  answer 7  true 7  right  probability 1.00\n"
    assert done.stderr.count(b"\n") == 1
    assert done.returncode == 2


def test_a_misspelt_option_is_not_an_expression(models):
    done = predict(models, "3+4", run=["--rnu", "endless"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such option: --rnu" in done.stderr


def test_dashes_are_malformed_too(models):
    done = predict(models, "--3", "3+4")
    assert done.stdout == "3+4=  answer 7  true 7  right  probability 1.00\n"
    assert done.stderr == "predict: '--3': position 1: expected a number or '(', found '-'\n"
    assert done.returncode == 2


def test_standard_input_may_be_closed(models):
    command = f'"{sys.executable}" -m stages.predict --models "{models}" 3+4 <&-'
    done = subprocess.run(command, shell=True, capture_output=True, cwd=ROOT, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3+4=  answer 7  true 7  right  probability 1.00\n", "")


def test_the_pretrained_network_is_missing(tmp_path):
    path = tmp_path / "calculator.safetensors"
    assert predict(tmp_path, "3+4").stderr == f"predict: {path}: no such file; `git checkout {path}` brings it back\n"


def test_no_such_run(models):
    done = predict(models, "3+4", run=["--run", "nothing"])
    assert done.stderr == f"predict: {models / 'nothing.safetensors'}: no such file; `dvc repro` makes it\n"
    assert done.returncode == 1


@pytest.mark.parametrize("text", ["\ufeff3+4=\n7-0\n", "3+4=\r\n\r\n7-0\r\n", "\ufeff\n3+4=\n\ufeff7-0"])
def test_lines_as_windows_writes_them(text, models):
    done = predict(models, text=text)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["3+4=", "7-0="]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_byte_order_mark_in_another_encoding(models):
    command = [sys.executable, "-m", "stages.predict", "--models", models]
    latin = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, input=b"\xef\xbb\xbf3+4=\r\n", capture_output=True, cwd=ROOT, env=latin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"3+4=  answer 7  true 7  right  probability 1.00\n"


def test_in_a_sub_folder_the_repository_s_own_network_answers():
    path = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.predict", "3+4"]
    done = subprocess.run(command, cwd=ROOT / "reports" / "studies", env=path, capture_output=True, text=True)
    assert done.stdout.startswith("3+4=  answer 7  true 7  right ")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["a\nb", "../whole", "a/b", "", "a\x1b[2J", "a\0b", "-" * 10**6 + "/"])
def test_a_run_must_be_a_name(name, models):
    done = predict(models, "3+4", run=[f"--run={name}"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("predict: --run: must be a run's name: letters, digits, '_' and '-' (found ")
    assert done.stderr.removesuffix("\n").isprintable()
    assert len(done.stderr) < 200


def test_a_probability_that_is_nan(models, tmp_path):
    """NaN in the embedding of 8 affects only expressions with an 8."""
    model = constant("7")
    with torch.no_grad():
        model.embedding.weight[tokens.TOKENS.index("8")] = torch.nan
    save(tmp_path, "nan", model)
    done = predict(tmp_path, "3+4", "3+8", run=["--run", "nan"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"predict: {tmp_path / 'nan.safetensors'}: its probability of an answer to 3+8= is nan; "
        "train it again with a smaller lr\n"
    )
    assert predict(tmp_path, "3+4", run=["--run", "nan"]).returncode == 0
