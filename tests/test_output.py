"""Output that is lost or not wanted, and limits on memory and file sizes, in real processes."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, write_params

STAGE = "import sys\nfrom stages.common.command import one_line\nwith one_line('stage'):\n    "  # without PyTorch


def shell(command, code=""):
    """A shell's command, in which PYTHON runs the code as a stage."""
    env = os.environ | {"CODE": STAGE + code, "PYTHONPATH": str(ROOT)}
    command = command.replace("PYTHON", f'"{sys.executable}" -c "$CODE"')
    return subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("code", ["print('a')", "[print('a' * 99) for _ in range(999)]"])
def test_output_that_nobody_can_read(code):
    """A full disk, and a reader that has seen enough; 141 is the exit status of `yes | head -1` too."""
    done = shell("PYTHON >/dev/full", code)
    assert (done.returncode, done.stderr) == (1, "stage: [Errno 28] No space left on device\n")
    done = shell("PYTHON | true; echo ${PIPESTATUS[0]}", f"import time; time.sleep(0.3); {code}")
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_too_little_memory(tmp_path):
    """A real limit, just above what the imports took."""
    code = (
        "import resource; from pathlib import Path; from stages import generate; "
        "taken = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize(); "
        "resource.setrlimit(resource.RLIMIT_AS, (taken + 2**26, taken + 2**26)); "
        f"sys.argv = ['generate', {str(write_params(tmp_path / 'params.yaml', corpus={'operands': 60}))!r}, "
        f"{str(tmp_path / 'corpus.parquet')!r}]; generate.main()"
    )
    done = shell("PYTHON", code)
    assert done.returncode == 1
    assert done.stderr.startswith("stage: out of memory; try ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]
