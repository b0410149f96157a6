"""What `make` checks before it runs anything: a working virtual environment, and a repository that git trusts.

A small script replaces Python: it makes a virtual environment without the packages, which take a minute.
"""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT

STUB = """\
#!/bin/sh
case "$*" in
  *version_info*) echo "${VERSION:-True}" ;;
  "-m venv --clear "*)
    echo "made $4" >> log
    rm -rf "$4"/* && mkdir -p "$4/bin" && touch "$4/pyvenv.cfg" && cp "$0" "$4/bin/python"
    printf '#!/bin/sh\\nexec "%s" $* >> log\\n' "$PWD/.venv/bin/python" > "$4/bin/dvc" && chmod +x "$4/bin/dvc" ;;
  "-m stages.repro "*) echo "$*" >> log ;;
esac
"""


class Folder:
    """A folder with our Makefile, where `python3` is the script."""

    def __init__(self, root):
        self.root = root
        for name in ("Makefile", "constraints.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, root)
        (root / "bin").mkdir()
        (root / "bin" / "python3").write_text(STUB)
        (root / "bin" / "python3").chmod(0o755)

    def make(self, *words, fails=False, **env):
        """What make printed on standard error."""
        path = os.pathsep.join([str(self.root / "bin"), os.environ["PATH"]])
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        # `make test` passes on its own level and flags
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        given = {"cwd": self.root, "env": outer | {"PATH": path} | quiet | env}
        done = subprocess.run(["make", *words], **given, capture_output=True, text=True, timeout=60)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr

    def log(self, start):
        """The lines of the script's log that begin so: 'made' and the folder for each virtual environment."""
        log = self.root / "log"
        return [line for line in log.read_text().splitlines() if line.startswith(start)] if log.exists() else []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a folder").mkdir()
    return Folder(tmp_path / "a folder")


def other_versions(folder):
    os.utime(folder.root / ".venv" / "installed", (0, 0))  # older than constraints.txt


def upgrade_python(folder):
    (folder.root / ".venv" / "bin" / "python").unlink()
    (folder.root / ".venv" / "bin" / "python").symlink_to("/nowhere/python3.11")


def remove_scripts(folder):
    shutil.rmtree(folder.root / ".venv" / "bin")


def move(folder):
    """The scripts begin with the path of a Python that no longer exists."""
    folder.root = folder.root.rename(folder.root.with_name("another folder"))


@pytest.mark.parametrize("outdate", [other_versions, upgrade_python, remove_scripts, move])
def test_a_virtual_environment_is_made_once_and_again_when_it_does_not_work(outdate, folder):
    for made in (1, 2):
        for _ in range(2):
            folder.make(".venv/installed")
            assert len(folder.log("made")) == made
        outdate(folder)
        assert (folder.root / ".venv" / "installed").exists()


@pytest.mark.parametrize(
    ("python", "version", "words"),
    [
        ("/nowhere/python3", "", "make: PYTHON=/nowhere/python3: not found, or no Python"),
        ("true", "", "make: PYTHON=true: not found, or no Python"),
        ("python3", "False", "make: python3 is older than Python 3.11"),
    ],
)
def test_an_unusable_python(python, version, words, folder):
    ours, ending = folder.make(f"PYTHON={python}", fails=True, VERSION=version).splitlines()
    assert ours.startswith(words)
    assert ending.startswith("make: *** ")
    assert folder.log("made") == []


@pytest.mark.parametrize("repository", ["trusted", "of another user", "none"])
def test_a_repository_that_git_refuses_is_reported_before_anything_runs(repository, folder):
    """git prints the error and the remedy. Without a repository, DVC reports it."""
    if repository != "none":
        subprocess.run(["git", "init", "--quiet"], cwd=folder.root, check=True)
    folder.make(".venv/installed")
    refused = repository == "of another user"
    printed = folder.make(
        "repro", "JOBS=3", fails=refused, **({"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"} if refused else {})
    )
    assert ("git config --global --add safe.directory" in printed) == refused
    ran = [] if refused else ["-m stages.repro params.yaml data/samples --jobs 3"]
    assert folder.log("-m stages") == ran
