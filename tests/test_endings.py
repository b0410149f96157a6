"""How a stage ends before its time: earlier files as they were, one line or, while PyTorch is imported, none."""

import contextlib
import os
import signal
import subprocess
import sys
from functools import partial

from conftest import ROOT, process

from stages.common import tables


def test_an_error_in_the_middle_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_text("earlier")
    with contextlib.suppress(ZeroDivisionError), tables.atomic(path, tmp_path / "new.txt") as [table, text]:
        tables.write_table(table, tables.EXPRESSIONS.empty_table())
        tables.write_text(text, "new")
        raise ZeroDivisionError
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["table.parquet"]


def test_ctrl_c_while_pytorch_is_imported(tmp_path):
    (tmp_path / "torch.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = [sys.executable, "-m", "stages.train", "params.yaml", "full-lstm", "a", "b", "c", "d", "e"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which what a shell starts with & is not
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, preexec_fn=heard)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_process_ends_in_one_line_too(tmp_path):
    done = process("generate", tmp_path / "params.yaml", tmp_path / "corpus.parquet")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"generate: {tmp_path / 'params.yaml'}: no such file\n"
