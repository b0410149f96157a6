"""Copies of the working tree in another folder, and commands run there as a user would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent  # where dvc is, whether or not the virtual environment is active


def copy_sources(root: Path) -> None:
    """Copy the files of the working tree that git lists or would add, without tests and the pipeline's outputs.

    Of the studies' results only those of `calculator` are copied: to draw all takes longer than the tiny pipeline.
    """
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        left_out = name == "dvc.lock" or name.startswith(("reports/", "tests/"))
        if (ROOT / name).exists() and (not left_out or name.startswith("reports/studies/calculator")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)


class Repository:
    """A git and DVC repository, in which commands run without the user's own git settings."""

    def __init__(self, root: Path):
        self.root = root
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_"))}
        path = os.pathsep.join([str(BIN), os.environ["PATH"]])
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "DVC_NO_ANALYTICS": "1"}
        person = {f"GIT_{who}_{what}": "test@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.env = outer | quiet | person | {"PATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "500"}

    def run(self, *command: str, fails: bool = False) -> str:
        """All that the command printed; the test fails unless it succeeds, or fails if it should."""
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, timeout=280)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that the file has exactly once."""
        text = (self.root / name).read_text()
        assert text.count(old) == 1, (name, old)
        (self.root / name).write_text(text.replace(old, new))

    def changed(self) -> set[str]:
        return {line[3:] for line in self.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()}
