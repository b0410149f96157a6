"""DVC and git as studies use them: error lines, the commit of the code, and repositories that are refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import stage

from stages.common.messages import BadInput
from stages.lab import dvc
from tests.copies import BIN

ADVERTISED = "\nHaving any troubles? Hit us up at https://dvc.org/support, we are always happy to help!\n"


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (f"ERROR: unexpected error - no viable alternative at input '{{'\nSee https://x\n{ADVERTISED}", "ERROR: unexp"),
        (f"WARNING: x\nERROR: cannot pull\n  from y{ADVERTISED}", "ERROR: cannot pull"),
        (
            "fatal: detected dubious ownership in repository at '/x'\nTo add an exception, call:\n\n\tgit config\n",
            "fatal: d",
        ),
        ("warning: a\nerror: pathspec 'x' did not match\nhint: b\n", "error: pathspec"),
        ("usage: dvc\ndvc: no such thing\n\n", "dvc: no such thing"),
        ("", ""),
    ],
)
def test_the_error_line(output, line):
    found = dvc.error_line(output)
    assert found.startswith(line) and found in output.splitlines() if line else found == ""


def test_a_failed_command_gives_one_line():
    assert dvc.call("git", "--version").startswith("git version ")
    with pytest.raises(BadInput, match=r"^`git rev-parse nope --` failed: fatal: bad revision 'nope'$"):
        dvc.call("git", "rev-parse", "nope", "--")
    with pytest.raises(BadInput, match=r"failed: exit status 3$"):
        dvc.call(sys.executable, "-c", "raise SystemExit(3)")


def test_the_commit_of_the_code(tmp_path, monkeypatch):
    folder = tmp_path / "stages"
    folder.mkdir()
    monkeypatch.setattr(dvc, "STAGES", folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert dvc.commit() is None
    (folder / "one.py").write_text("1\n")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@test"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "one"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True).stdout
    (tmp_path / "beside").write_text("not code\n")
    clean = dvc.commit()
    assert head.startswith(clean)
    assert 7 <= len(clean) <= 10
    (folder / "one.py").write_text("2\n")
    assert dvc.commit() == f"{clean}+"


def test_results_in_head_count_only_if_they_belong_to_its_code(head, tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", head, clone], check=True)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    before = dvc.up_to_date("evaluate@full-lstm")
    code = clone / "stages" / "train.py"
    code.write_text(code.read_text() + "# changed\n")
    assert (before, dvc.up_to_date("evaluate@full-lstm")) == (True, False)


@pytest.fixture
def study_in_shallow_clone(head, tmp_path, monkeypatch):
    """The arguments of a study without rows, in a clone that has the last commit alone."""
    root = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", head.as_uri(), root], check=True)
    (root / "reports" / "studies" / "learning_rate.csv").unlink()
    monkeypatch.chdir(root)
    return "params.yaml", "studies.yaml", "learning_rate", "data", "reports"


def test_a_shallow_clone_is_refused_before_anything_is_queued(study_in_shallow_clone):
    done = stage("study", *study_in_shallow_clone)
    assert done.returncode == 1
    assert done.stderr == ("study: DVC loses experiments in a shallow clone; run `git fetch --unshallow` first\n")
    assert not Path(".dvc/tmp").exists()


@pytest.mark.parametrize("name", ["params.yaml", "stages/train.py", "dvc.lock"])
def test_uncommitted_changes_are_refused_before_anything_is_queued(name, study_in_shallow_clone):
    """Otherwise a row would name a commit that did not produce it."""
    subprocess.run(["git", "fetch", "--quiet", "--unshallow"], check=True)
    Path(name).write_text(Path(name).read_text() + "# changed\n")
    done = stage("study", *study_in_shallow_clone)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"study: {name}: has uncommitted changes; commit them first")
    assert not Path(".dvc/tmp").exists()


def test_a_repository_of_somebody_else_is_refused_before_anything_is_queued(study_in_shallow_clone, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    done = stage("study", *study_in_shallow_clone)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"fatal: detected dubious ownership in repository at '{Path.cwd()}'" in done.stderr
    assert done.stderr.endswith(f"; if you trust it: git config --global --add safe.directory '{Path.cwd()}'\n")
    assert not Path(".dvc/tmp").exists()
