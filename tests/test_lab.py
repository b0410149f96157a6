"""Studies without a training: which answers count with which weights, whether a shift is detected; calls of git."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, samples, stage

from stages import sources, studies, study_table
from stages.command import BadInput
from stages.lab import answers, dvc, shift
from stages.network import machine


def table(rows):
    """(template, tgt, predicted) rows as a table of answers."""
    answered = pd.DataFrame(rows, columns=["template", "tgt", "predicted"])
    return answered.assign(correct=answered["tgt"].astype(str) == answered["predicted"])


def test_shares_of_answers_are_weighted():
    rows = table([("a+b", 12, "12"), ("a+b", -5, "-7"), ("a*b", 120, "13"), ("a*b", 7, "")])
    assert answers.shares(rows, pd.Series(1.0, rows.index)) == {
        "rows": 4,
        "exact_match": 0.25,
        "right_length": 0.5,
        "right_first": 0.75,
        "right_last": 0.25,
    }
    found = answers.shares(rows, pd.Series([2.0, 1.0, 1.0, 0.0]))
    assert found["exact_match"] == 0.5
    assert found["rows"] == 3  # 4² / 6, rounded


def test_both_tables_get_the_mix_that_they_have_in_common():
    """a+b with two-digit answers: 3/4 of one table, 1/4 of the other. a*b is only in the first, a-b in the second."""
    one = table([("a+b", 10, "")] * 6 + [("a*b", 10, "")] * 2)
    other = table([("a+b", 99, "")] * 2 + [("a-b", 10, "")] * 5 + [("a+b", 5, "")])
    weights, others = answers.common(one, other), answers.common(other, one)
    assert weights.tolist() == pytest.approx([1 / 3] * 6 + [0] * 2)
    assert others.tolist() == pytest.approx([1] * 2 + [0] * 6)
    assert weights.sum() / len(one) == pytest.approx(others.sum() / len(other))


@pytest.fixture
def networks(finished, monkeypatch):
    """The tiny networks; `evaluate` runs in this process. test_studies_without_a_training starts real processes."""

    def call(*command):
        assert command[:3] == (sys.executable, "-m", "stages.evaluate")
        done = stage("evaluate", *command[3:])
        assert done.returncode == 0, done.stderr

    monkeypatch.setattr(answers, "call", call)
    return answers.Networks(finished / "params.yaml", finished)


@pytest.mark.parametrize("part", ["train", "valid", "rest"])
def test_the_rows_of_each_part(networks, finished, part):
    train, valid = ({row["src"] for row in pq.read_table(path).to_pylist()} for path in samples(finished, "small"))
    whole = set(pq.read_table(finished / "subsets" / "small.parquet")["src"].to_pylist())
    wanted = {"train": train, "valid": valid, "rest": whole - train}[part]
    assert networks.ask({"run": "small-lstm", "part": part})["rows"] == min(len(wanted), answers.REST)
    assert set(answers.sampled(finished, f"small/{part}")["src"].to_pylist()) == wanted


def test_rows_inside_and_outside_the_own_rule(networks, finished):
    """no_7 has operands up to 11, small has sevens: neither rule keeps all of the other's rows."""
    rows = pq.read_table(finished / "samples" / "no_7" / "valid.parquet")["src"].to_pylist()
    small = [src for src in rows if "10" not in src and "11" not in src]
    trained = set(pq.read_table(samples(finished, "small")[0])["src"].to_pylist())
    asked = {"run": "small-lstm", "dataset": "no_7", "part": "valid"}
    counts = {
        "all": len(set(rows) - trained),
        "inside": len(set(small) - trained),
        "outside": len(rows) - len(small),
    }
    for which, count in counts.items():
        found = networks.ask(asked | {"asked": which})
        assert (found.get("rows", 0), found["status"] == "done") == (count, count > 0), which


def test_rows_like_others_are_weighted_to_the_common_mix(networks, finished):
    """The rest of small with the mix of no_7's training rows; kinds that only one of them has get weight 0."""
    own = answers.sampled(finished, "small/rest").to_pandas()
    other = answers.sampled(finished, "no_7/train").to_pandas()
    weights = answers.common(own, other)
    found = networks.ask({"run": "small-lstm", "like": "no_7/train"})
    assert found["rows"] == round(weights.sum() ** 2 / (weights**2).sum()) < len(own)


def test_the_rest_is_limited(finished, monkeypatch):
    monkeypatch.setattr(answers, "REST", 5)
    rows = answers.sampled(finished, "small/rest")["src"].to_pylist()
    assert len(set(rows)) == 5
    assert not set(rows) & set(answers.sampled(finished, "small/train")["src"].to_pylist())


def test_no_such_rows(networks):
    found = networks.ask({"run": "small-lstm", "asked": "outside"})
    assert found == {"status": "not measured: there are no such rows"}


@pytest.fixture(scope="module")
def corpus_rows(corpus):
    return pq.read_table(corpus).to_pandas().sample(6000, random_state=0, ignore_index=True)


KINDS = "template", "a", "b", "c", "length", "answer", "everything"


@pytest.mark.parametrize("of", KINDS)
def test_no_shift_is_found_where_there_is_none(corpus_rows, of):
    found = shift.compare(corpus_rows[:3000], corpus_rows[3000:], of)
    assert found["p_value"] > 0.01
    assert found["rows"] == (corpus_rows["c"].notna().sum() if of == "c" else 6000)


@pytest.mark.parametrize("of", KINDS)
def test_a_shift_is_found(corpus_rows, of):
    """One table has the rows without parentheses and with small operands and answers, the other has the rest."""
    small = (corpus_rows[["a", "b"]].max(axis=1) < 30) & ~(corpus_rows["c"] > 30) & (corpus_rows["tgt"] < 500)
    short = small & ~corpus_rows["template"].astype(str).str.contains(r"\(")
    found = shift.compare(corpus_rows[short], corpus_rows[~short], of)
    assert found["p_value"] < 1e-6


def test_a_classifier_that_cannot_err_and_one_that_can_only_guess(corpus_rows):
    negative = corpus_rows["tgt"] < 0
    assert shift.compare(corpus_rows[negative], corpus_rows[~negative], "everything")["auc"] > 0.999
    found = shift.compare(corpus_rows[:3000], corpus_rows[3000:], "everything")
    assert abs(found["auc"] - 0.5) < 3 * found["error"]
    assert found["error"] == pytest.approx(np.sqrt(3001 / (12 * 1500 * 1500)))


def test_an_unknown_property_is_refused(corpus_rows):
    with pytest.raises(BadInput, match="unknown property 'd'; use one of template, a, b, c"):
        shift.compare(corpus_rows, corpus_rows, "d")


def test_cramers_v_is_one_for_disjoint_templates(corpus_rows):
    sums = corpus_rows["template"].astype(str).str.startswith("a+b")
    assert shift.compare(corpus_rows[sums], corpus_rows[~sums], "template")["distance"] == pytest.approx(1)


WITHOUT_TRAINING = """\
asked:
  question: "?"
  kind: answers
  points:
    - {run: small-lstm, part: [train, valid]}
  by: [part]
  show: [exact_match]
  rule:
    - {larger: exact_match, at: {part: train}, than_at: {part: valid}}
shifted:
  question: "?"
  kind: shift
  points:
    - {one: small/train, other: [small/train, no_7/train], of: a}
  by: [other]
  show: [distance]
  rule:
    - {larger: distance, at: {other: no_7/train}, than_at: {other: small/train}}
"""


def test_studies_without_a_training(finished, tmp_path):
    (tmp_path / "studies.yaml").write_text(WITHOUT_TRAINING)
    for name in ("asked", "shifted"):
        done = stage("study", finished / "params.yaml", tmp_path / "studies.yaml", name, finished, tmp_path)
        assert (done.returncode, done.stderr.count(": done\n")) == (0, 2), done.stderr
    asked, shifted = (pd.read_csv(tmp_path / "studies" / f"{name}.csv") for name in ("asked", "shifted"))
    assert asked["rows"].tolist() == [54, 6]
    assert shifted["distance"][0] == 0 < shifted["distance"][1]
    assert shifted["p_value"][0] == 1
    for table, kind in ((asked, "answers"), (shifted, "shift")):
        assert set(table["code"]) == {study_table.fingerprint(kind)}
        assert set(table["processor"]) == {machine.processor()}
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert all(head.startswith(str(found).removesuffix("+")) for found in table["commit"])


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


def test_the_code_hash_depends_on_its_files_but_not_on_line_endings(tmp_path, monkeypatch):
    shutil.copytree(sources.STAGES, tmp_path / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    before = {kind: study_table.fingerprint(kind) for kind in studies.KINDS}
    monkeypatch.setattr(sources, "STAGES", tmp_path / "stages")
    assert {kind: study_table.fingerprint(kind) for kind in studies.KINDS} == before
    assert len(set(before.values())) == 3
    for name, changed in (
        ("page/render.py", set()),
        ("network/cells.py", {"trainings", "answers"}),
        ("lab/shift.py", {"shift"}),
        ("generate.py", {"trainings", "answers", "shift"}),
    ):
        path = tmp_path / "stages" / name
        text = path.read_bytes()
        path.write_bytes(text.replace(b"\n", b"\r\n"))
        assert {kind: study_table.fingerprint(kind) for kind in studies.KINDS} == before
        path.write_bytes(text + b"# more\n")
        assert {kind for kind in studies.KINDS if study_table.fingerprint(kind) != before[kind]} == changed
        path.write_bytes(text)
