"""The command `study`: which points it measures, its table, and the list of studies."""

import subprocess

import pandas as pd
import pytest
from conftest import stage, study_of
from study_files import stages_in_this_process

from stages import study
from stages.common.messages import BadInput
from stages.network import machine
from stages.studies import design, table


def test_rows_are_in_the_order_of_the_points_and_existing_ones_stay():
    entry = study_of()
    known = [("lr=0.01 seed=1", "done"), ("lr=0.001 seed=1", "not measured: about 99 minutes")]
    rows = pd.DataFrame(known, columns=["point", "status"]).reindex(columns=["point", "status", "loss", "commit"])
    points = study.missing(entry, rows)
    assert points == [{"lr": 0.01, "seed": 2}, {"lr": 0.001, "seed": 2}, {"epochs": 3}]
    measured = ((point, {"status": "done", "loss": 0.5}) for point in reversed(points))
    first, *_, last = study.study(entry, rows, measured)
    assert first["point"].tolist() == ["lr=0.01 seed=1", "lr=0.001 seed=1", "epochs=3"]
    assert last["point"].tolist() == [design.label(point) for point in design.points(entry)]
    assert last["loss"].isna().tolist() == [True, False, True, False, False]
    assert last["commit"].notna().tolist() == [False, True, False, True, True]


def test_a_table_with_gaps_and_commits_that_look_like_numbers(tmp_path):
    """'1234e56' is infinite, and '01234567' has lost a digit, to whom does not know better."""
    path = tmp_path / "small.csv"
    lines = [
        "point,status,lr,seed,loss,epochs_to_reach,commit",
        "lr=0.01 seed=1,done,0.01,1,0.5,inf,1234e567",
        "lr=0.01 seed=2,train: no,0.01,2,,,01234567",
        "lr=0.001 seed=1,done,0.001,1,0.5,2,",
        "lr=9 seed=1,done,9,1,0.5,2,",
    ]
    path.write_text("\n".join(lines))
    rows = table.read(path, study_of())
    assert rows["point"].tolist() == ["lr=0.01 seed=1", "lr=0.01 seed=2", "lr=0.001 seed=1"]  # lr=9: no such point
    assert rows["epochs_to_reach"].tolist()[0] == float("inf")
    assert rows.loc[1, ["loss", "threads", "processor"]].isna().all()
    assert rows["commit"].tolist()[:2] == ["1234e567", "01234567"]
    assert rows["commit"].isna().tolist() == [False, False, True]
    for content in ("", "a,b\n1,2\n"):
        path.write_text(content)
        with pytest.raises(BadInput, match=r"small\.csv: cannot be read .*; delete it to measure all points again"):
            table.read(path, study_of())


def run(lab, studies, *words, reports=None):
    folders = ["--data", lab, "--reports", reports or lab, "--networks", (reports or lab) / ".networks"]
    return stage("study", lab / "params.yaml", studies, *words, *folders)


STUDIES = """\
asked:
  question: Who knows?
  kind: answers
  points:
    - {run: small-lstm, part: [train, valid]}
  by: [part]
  show: [exact_match]
  rule:
    - {larger: exact_match, at: {part: train}, than_at: {part: valid}}
shifted:
  question: Is it the same?
  kind: shift
  points:
    - {one: small/train, other: [small/train, no_7/train], of: a}
  by: [other]
  show: [distance]
  rule:
    - {larger: distance, at: {other: no_7/train}, than_at: {other: small/train}}
"""


def test_studies_that_train_nothing(finished, tmp_path, monkeypatch):
    """A row is not measured again, except one that was left out."""
    assert stages_in_this_process(monkeypatch) == []
    (path := tmp_path / "studies.yaml").write_text(STUDIES)
    for name in ("asked", "shifted"):
        done = run(finished, path, name, reports=tmp_path)
        assert (done.returncode, done.stderr.count(": done\n")) == (0, 2), done.stderr
        again = run(finished, path, name, reports=tmp_path)
        assert (again.returncode, again.stderr) == (0, "study: nothing to do: all points already have results\n")
    asked, shifted = (pd.read_csv(tmp_path / "studies" / f"{name}.csv") for name in ("asked", "shifted"))
    assert asked["rows"].tolist() == [54, 6]
    assert shifted["distance"][0] == 0 < shifted["distance"][1]
    assert shifted["p_value"][0] == 1
    assert {*asked["processor"], *shifted["processor"]} == {machine.processor()}
    assert {*asked["commit"].astype(str), *shifted["commit"].astype(str)} == {table.commit()}

    csv = tmp_path / "studies" / "shifted.csv"
    csv.write_text(csv.read_text().replace(",done,", ",not measured: no time,", 1))
    listed = run(finished, path, reports=tmp_path)
    assert (listed.returncode, listed.stdout.splitlines()) == (
        0,
        [
            "asked                  2 of   2 points  Who knows?",
            "shifted                2 of   2 points  Is it the same?",
        ],
    )
    assert run(finished, path, "shifted", reports=tmp_path).stderr.count(": done\n") == 1
    assert pd.read_csv(csv)["status"].tolist() == ["done", "done"]


def test_a_table_that_is_older_than_its_code(tmp_path, monkeypatch):
    def commit(path, day):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(day)
        person = ["-c", "user.name=t", "-c", "user.email=t@t"]
        for words in (["add", "."], [*person, "commit", "--quiet", "--message", day]):
            subprocess.run(["git", *words], cwd=tmp_path, check=True, env={"GIT_COMMITTER_DATE": f"{day}T00:00:00"})

    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(table, "STAGES", tmp_path / "stages")
    csv = tmp_path / "small.csv"
    commit(tmp_path / "stages" / "train.py", "2026-01-01")
    commit(csv, "2026-01-02")
    commit(tmp_path / "stages" / "page" / "render.py", "2026-01-03")
    assert table.outdated(csv, "trainings") is None
    commit(tmp_path / "stages" / "network" / "cells.py", "2026-01-04")
    assert table.outdated(csv, "trainings").endswith(", 2026-01-04")
    assert table.outdated(csv, "shift") is None
    head = subprocess.check_output(["git", "rev-parse", "--short=8", "HEAD"], cwd=tmp_path, text=True)
    assert table.commit() == head.strip()
    (tmp_path / "stages" / "train.py").write_text("edited")
    assert table.commit().endswith("+")
