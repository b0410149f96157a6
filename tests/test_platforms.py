"""What another operating system would find: modules that are not there, other line ends, files that stay open."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
from conftest import ROOT

from stages import files
from stages.network import machine
from stages.network.checkpoint import Checkpoint

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.glob("stages/**/*.py")
)
# What Windows' Python lacks
WITHOUT = "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"
CODE = f"""
import importlib, os, sys
for name in {MODULES}:
    importlib.import_module(name)
"""


def test_every_module_imports_without_those_that_windows_lacks():
    # Libraries first where they choose by the system's name, which here is not Windows
    libraries = "import filelock, matplotlib.pyplot, multiprocessing.connection, pandas, pyarrow.parquet, scipy.stats, sklearn.ensemble, torch"
    block = f"import sys\n{libraries}\nsys.modules.update(dict.fromkeys({WITHOUT}))"
    done = subprocess.run([sys.executable, "-c", block + CODE], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_peak_of_memory_on_windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    told = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=300 * 2**20 + 1))
    monkeypatch.setattr(psutil, "Process", lambda: told)
    assert machine.peak_memory() == 300


def test_a_table_s_lines_end_alike_on_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "linesep", "\r\n")
    text = pd.DataFrame({"src": ["1+1="], "tgt": [2]}).to_csv(index=False)
    files.write_text(tmp_path / "table.csv", text)
    assert text == "src,tgt\r\n1+1=,2\r\n"
    assert (tmp_path / "table.csv").read_bytes() == b"src,tgt\n1+1=,2\n"


@pytest.mark.parametrize(("platform", "open_ones"), [("linux", 1), ("win32", 0)])
def test_windows_never_removes_an_open_lock_file(platform, open_ones, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    removed, real = [], Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, **how: removed.append(path.suffix) or real(path, **how))
    with Checkpoint(tmp_path, "r", "0" * 64).alone():
        pass
    assert removed.count(".lock") == open_ones
