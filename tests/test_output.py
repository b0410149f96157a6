"""Output that fails, is closed or lacks characters, and limits on memory and file sizes, in real processes."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, write_params

from stages.network import weights
from stages.network.seq2seq import Seq2Seq

STAGE = "import sys\nfrom stages.command import one_line\nwith one_line('stage'):\n    "  # without PyTorch's seconds


def shell(command, code="", unbuffered="", **env):
    """A shell's command, in which PYTHON runs the code as a stage."""
    known = os.environ | {"PYTHONUNBUFFERED": unbuffered, "CODE": STAGE + code, "PYTHONPATH": str(ROOT)} | env
    command = command.replace("PYTHON", f'"{sys.executable}" -c "$CODE"')
    return subprocess.run(["bash", "-c", command], env=known, capture_output=True, text=True, timeout=120)


UNBUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"])
PRINTS = pytest.mark.parametrize("code", ["print('a')", "print('a' * 10**6)", "[print('a' * 99) for _ in range(999)]"])


@PRINTS
@UNBUFFERED
@pytest.mark.parametrize(
    ("where", "why"),
    [(">&-", "is closed"), (">/dev/full", "No space left on device"), ("", None), (">/dev/null", None)],
)
def test_output_that_is_lost_is_an_error(where, why, code, unbuffered):
    done = shell(f"PYTHON {where}", code, unbuffered)
    assert done.stderr == (f"stage: standard output: {why}\n" if why else "")
    assert done.returncode == (1 if why else 0)


@UNBUFFERED
def test_lost_output_is_worse_than_a_malformed_expression(unbuffered):
    code = "print('a'); sys.exit(2)"
    assert shell("PYTHON", code, unbuffered).returncode == 2
    done = shell("PYTHON >/dev/full", code, unbuffered)
    assert (done.returncode, done.stderr) == (1, "stage: standard output: No space left on device\n")


def test_a_terminal_that_is_gone():
    code = "import os; master, slave = os.openpty(); os.dup2(slave, 1); os.close(master); print('a')"
    done = shell("PYTHON", code)
    assert (done.returncode, done.stderr) == (1, "stage: standard output: Input/output error\n")


def test_a_disk_that_cannot_be_read_is_not_standard_output():
    """Linux has no memory at address 0, and says so as a broken disk does."""
    done = shell("PYTHON", "print('a'); open('/proc/self/mem', 'rb').read(1)")
    assert (done.returncode, done.stdout, done.stderr) == (1, "a\n", "stage: [Errno 5] Input/output error\n")


def test_a_stage_that_prints_nothing_needs_no_output():
    done = shell("PYTHON >&-", "pass")
    assert (done.returncode, done.stderr) == (0, "")


@PRINTS
@UNBUFFERED
def test_a_reader_that_has_seen_enough(code, unbuffered):
    """141 is what the shell says of `yes | head -1` too."""
    done = shell("PYTHON | true; echo ${PIPESTATUS[0]}", f"import time; time.sleep(0.3); {code}", unbuffered)
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_the_first_line_is_all_that_is_wanted():
    done = shell("PYTHON | head -1; echo ${PIPESTATUS[0]}", "[print(n) for n in range(10**6)]")
    assert (done.stdout, done.stderr) == ("0\n141\n", "")


@UNBUFFERED
def test_a_reader_of_messages_that_is_gone(unbuffered):
    code = "import time; time.sleep(0.3); print('a', file=sys.stderr); print('b')"
    done = shell("PYTHON 2>&1 >/dev/null | true; echo ${PIPESTATUS[0]}", code, unbuffered)
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_messages_do_not_go_to_the_output():
    done = shell("PYTHON 2>&-", "print('message', file=sys.stderr); print('output')")
    assert (done.returncode, done.stdout) == (0, "output\n")
    assert shell("PYTHON 2>/dev/full", "print('message', file=sys.stderr)").returncode == 1


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("latin-1", "\xe4 \\u2026 \\u20ac \\udcff"),
        ("cp1252", "\xe4 \u2026 \u20ac \\udcff"),
        ("ascii", "\\xe4 \\u2026 \\u20ac \\udcff"),
        ("utf-8", "\xe4 \u2026 \u20ac \\udcff"),
    ],
)
def test_characters_that_the_encoding_lacks(encoding, said):
    code = "for out in (sys.stdout, sys.stderr): print('\\xe4 \\u2026 \\u20ac \\udcff', file=out)"
    known = os.environ | {"PYTHONIOENCODING": f"{encoding}:strict", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", STAGE + code], env=known, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding).rstrip() == done.stderr.decode(encoding).rstrip() == said


def test_a_score_in_ascii(tmp_path):
    """Of a table with a name that ASCII lacks."""
    history = [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
    weights.save(tmp_path / "model", weights.Trained("x", Seq2Seq("gru", 8, 8, 1), 12, history))
    table = tmp_path / "\xe4.csv"
    table.write_text("src,tgt\n1+2=,3\n1+2=,4\n")
    command = [sys.executable, "-m", "stages.score", tmp_path / "model", table]
    known = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\xe4.csv: row 2: " in done.stdout
    assert "exact match" in done.stdout


def test_memory_that_ends_while_a_table_is_made(tmp_path):
    """A real limit, just above what the imports took."""
    code = (
        "import resource; from pathlib import Path; from stages import generate; "
        "taken = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize(); "
        "resource.setrlimit(resource.RLIMIT_AS, (taken + 2**24, taken + 2**24)); "
        f"sys.argv = ['generate', {str(write_params(tmp_path / 'params.yaml', corpus={'operands': 60}))!r}, "
        f"{str(tmp_path / 'corpus.parquet')!r}]; generate.main()"
    )
    done = shell("PYTHON", code)
    assert done.returncode == 1
    assert done.stderr == "stage: out of memory; try less at a time\n"
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_limit_on_file_sizes_names_the_file(tmp_path):
    config, corpus = write_params(tmp_path / "params.yaml"), tmp_path / "corpus.parquet"
    corpus.write_text("earlier")
    done = shell(f'ulimit -f 10; "{sys.executable}" -m stages.generate "{config}" "{corpus}"')
    assert done.returncode == 1
    assert done.stderr.startswith("generate: ")
    assert done.stderr.endswith(f"File too large: '{corpus}'\n")
    assert done.stderr.count("\n") == 1
    assert corpus.read_text() == "earlier"
    done = shell(f'ulimit -f 1; PYTHON > "{tmp_path}/out"', "[print(n) for n in range(10**4)]")
    assert (done.returncode, done.stderr) == (1, "stage: standard output: File too large\n")
