"""What Windows would find: modules that it lacks, its own line ends, a lock file that is open."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
from conftest import ROOT

from stages.common import tables
from stages.network import machine
from stages.network.checkpoint import Checkpoint

WITHOUT = (
    "fcntl",
    "grp",
    "pty",
    "pwd",
    "readline",
    "resource",
    "syslog",
    "termios",
    "tty",
)  # what Python has not on Windows
IMPORTS = f"""
import importlib, pathlib, sys
import filelock, psutil  # which take those of their own system
sys.modules.update(dict.fromkeys({WITHOUT}))
for path in sorted(pathlib.Path("stages").rglob("*.py")):
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print("stages.train" in sys.modules)
"""


def test_every_module_is_imported_without_those_that_windows_lacks():
    done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_the_peak_of_memory_on_windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    told = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=300 * 2**20 + 1))
    monkeypatch.setattr(psutil, "Process", lambda: told)
    assert machine.peak_memory() == 300


def test_text_is_read_and_written_as_utf_8():
    for path in (ROOT / "stages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func).split(".") if isinstance(node, ast.Call) else [""]
            if called == ["open"] or (called[-1] in ("read_text", "write_text") and called[0] != "files"):
                assert "encoding" in {word.arg for word in node.keywords}, f"{path}:{node.lineno}"


def test_a_table_s_lines_end_alike_on_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "linesep", "\r\n")
    text = pd.DataFrame({"src": ["1+1="], "tgt": [2]}).to_csv(index=False)
    tables.write_text(tmp_path / "table.csv", text)
    assert text == "src,tgt\r\n1+1=,2\r\n"
    assert (tmp_path / "table.csv").read_bytes() == b"src,tgt\n1+1=,2\n"


@pytest.mark.parametrize(("platform", "times"), [("linux", 1), ("win32", 0)])
def test_windows_never_removes_an_open_lock_file(platform, times, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    removed, real = [], Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, **how: removed.append(path.suffix) or real(path, **how))
    with Checkpoint(tmp_path, "r", "0" * 64).alone():
        pass
    assert removed.count(".lock") == times
