"""What `make` checks before it runs anything: a working virtual environment, and a repository that git trusts.

A small script replaces Python: it makes a virtual environment without the packages, which take a minute.
"""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT

VERSION = '*version_info*) echo "${VERSION:-True}" ;;'
STUB = f"""\
#!/bin/sh
case "$*" in
  {VERSION}
  *realpath*) realpath -m .venv ;;
  "-m venv --clear "*)
    echo "made $4" >> log
    rm -rf "$4"/* && mkdir -p "$4/bin" && touch "$4/pyvenv.cfg" && cp "$0" "$4/bin/python"
    printf '#!/bin/sh\\nexec "%s"\\n' "$PWD/.venv/bin/python" > "$4/bin/dvc" && chmod +x "$4/bin/dvc" ;;
  *pip*) echo "installed by $0" >> log ;;
esac
"""


class Folder:
    def __init__(self, root):
        self.root = root
        for name in ("Makefile", "constraints.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, root)
        self.script("bin/python3", STUB)

    def script(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def make(self, *words, **env):
        path = os.pathsep.join([str(self.root / "bin"), os.environ["PATH"]])
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        # `make test` passes on its own level and flags
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        given = {"cwd": self.root, "env": outer | {"PATH": path} | quiet | env}
        return subprocess.run(["make", *words], **given, capture_output=True, text=True, timeout=60)

    def made(self):
        """A line for each virtual environment that the stub made, with its folder."""
        log = self.root / "log"
        return [line for line in log.read_text().splitlines() if line.startswith("made")] if log.exists() else []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a folder").mkdir()
    return Folder(tmp_path / "a folder")


def remove_python(folder):
    (folder.root / ".venv" / "bin" / "python").unlink()


def dangle(folder):
    """Like an upgrade of the system's Python."""
    remove_python(folder)
    (folder.root / ".venv" / "bin" / "python").symlink_to("/nowhere/python3.11")


def remove_scripts(folder):
    shutil.rmtree(folder.root / ".venv" / "bin")


def move(folder):
    """The scripts begin with the path of a Python that no longer exists."""
    new = folder.root.with_name("another folder")
    folder.root.rename(new)
    folder.root = new


def test_a_virtual_environment_is_made_once(folder):
    for _ in range(2):
        done = folder.make(".venv/installed")
        assert done.returncode == 0, done.stderr
        assert folder.made() == [f"made {folder.root}/.venv"]
    (folder.root / "constraints.txt").touch()
    os.utime(folder.root / ".venv" / "installed", (0, 0))
    assert folder.make(".venv/installed").returncode == 0
    assert len(folder.made()) == 2


@pytest.mark.parametrize("damage", [remove_python, dangle, remove_scripts, move])
def test_a_marker_without_a_working_python_is_ignored(damage, folder):
    folder.make(".venv/installed")
    damage(folder)
    assert (folder.root / ".venv" / "installed").exists()
    for _ in range(2):
        done = folder.make(".venv/installed")
        assert done.returncode == 0, done.stderr
        assert len(folder.made()) == 2
        assert (folder.root / ".venv" / "bin" / "python").is_file()


@pytest.mark.parametrize("there", ["empty", "missing", "filled"])
def test_a_link_to_a_virtual_environment(there, folder):
    target = folder.root.with_name("else where")
    (folder.root / ".venv").symlink_to(target)
    if there != "missing":
        target.mkdir()
    if there == "filled":
        (target / "pyvenv.cfg").touch()
        (target / "old").touch()
    for _ in range(2):
        done = folder.make(".venv/installed")
        assert done.returncode == 0, done.stderr
        assert folder.made() == [f"made {target}"]
    assert (folder.root / ".venv").is_symlink()
    assert (target / "installed").exists()
    assert not (target / "old").exists()


def test_a_link_to_something_else_is_not_cleared(folder):
    target = folder.root.with_name("else where")
    target.mkdir()
    (target / "thesis.tex").touch()
    (folder.root / ".venv").symlink_to(target)
    done = folder.make(".venv/installed")
    assert done.returncode
    assert "make: .venv is a link to a folder that is no virtual environment" in done.stderr
    assert (target / "thesis.tex").exists()


@pytest.mark.parametrize(
    ("python", "version", "words"),
    [
        ("nope", "", "make: PYTHON=nope: not found, or no Python"),
        ("/nowhere/python3", "", "make: PYTHON=/nowhere/python3: not found, or no Python"),
        ("true", "", "make: PYTHON=true: not found, or no Python"),
        ("python3", "False", "make: python3 is older than Python 3.11"),
    ],
)
def test_an_unusable_python(python, version, words, folder):
    done = folder.make(f"PYTHON={python}", VERSION=version)
    assert done.returncode
    ours, ending = done.stderr.splitlines()
    assert ours.startswith(words)
    assert ending.startswith("make: *** ")
    assert folder.made() == []


@pytest.mark.parametrize("target", ["repro", "study"])
@pytest.mark.parametrize("trusted", [True, False])
def test_a_repository_that_git_refuses_is_reported_before_anything_runs(target, trusted, folder):
    """git prints the error and the remedy. Here it is told that the repository has another owner."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder.root, check=True)
    folder.make(".venv/installed")
    folder.script(".venv/bin/dvc", "#!/bin/sh\necho dvc $* >> log\n")
    folder.script(".venv/bin/python", "#!/bin/sh\necho python $* >> log\n")
    foreign = {} if trusted else {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    done = folder.make(target, **foreign)
    log = (folder.root / "log").read_text()
    assert (done.returncode == 0) == trusted, done.stderr
    assert ("dvc repro" in log or "python -m stages.study" in log) == trusted
    if not trusted:
        assert "detected dubious ownership in repository" in done.stderr
        assert "git config --global --add safe.directory" in done.stderr


def test_without_a_repository_dvc_reports_it(folder):
    folder.make(".venv/installed")
    folder.script(".venv/bin/dvc", "#!/bin/sh\necho dvc $* >> log\n")
    assert folder.make("repro").returncode == 0
    assert "dvc repro" in (folder.root / "log").read_text()
