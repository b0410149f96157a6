"""The committed results: readable, up to date with the code and params.yaml, and shown on the page."""

import json
import subprocess

import pandas as pd
import pytest

from stages.common import params
from stages.page import inputs, kept
from stages.studies import design, table
from tests.copies import BIN


def test_every_committed_result_is_readable(head):
    """pandas alone finds as many rows."""
    reports = head / "reports"
    for name, entry in design.read(head / "studies.yaml").items():
        path = reports / "studies" / f"{name}.csv"
        assert len(table.read(path, entry)) == len(pd.read_csv(path)), name
        for point in entry.keep or {}:
            _, kinds, mistakes, held_out, beyond, rounding = kept.kept(path.with_suffix("") / point)
            assert beyond.groupby("kind")["rows"].sum().tolist() == [3000] * 4
            assert len(mistakes) == (kinds["rows"] - kinds["right"]).sum()
            assert rounding["rows"] == kinds["rows"].sum()
            assert rounding["exact_match"] == pytest.approx(kinds["right"].sum() / kinds["rows"].sum(), abs=1e-6)
            assert rounding["changed"] <= 5 * rounding["rows"] / 10_000
            assert len(held_out) == held_out["src"].nunique() == 1000
        if entry.ships:
            everything, pairs = kept.shipped(path.with_suffix("") / entry.ships)
            assert everything["rows"].sum() == 2_632_500
            two = everything[everything["template"].str.len() == 3]
            assert len(pairs) == (two["rows"] - two["right"]).sum()
    for path in (reports / "metrics").iterdir():
        assert inputs.metrics(path).notna().all(axis=None)
        assert inputs.timing(reports / "timing" / path.name).notna().all(axis=None)
        assert len(inputs.curve(reports / "history" / f"{path.stem}.csv", 25)) == 25


def test_the_committed_results_fit_the_committed_code_and_params(head):
    """DVC compares dvc.lock with code, params and the results in git; a clone has no data, which it allows."""
    command = [BIN / "dvc", "repro", "--dry", "--allow-missing"]
    done = subprocess.run(command, cwd=head, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Running stage" not in done.stdout, done.stdout
    assert "up to date" in done.stdout


SHOWN = "exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss"


def test_every_row_names_a_commit_of_this_history(head):
    """The code of a row can be found. A shallow clone cannot tell."""
    git = ["git", "-C", head]
    if subprocess.check_output([*git, "rev-parse", "--is-shallow-repository"], text=True).strip() == "true":
        pytest.skip("needs the whole history: git fetch --unshallow")
    history = subprocess.check_output([*git, "rev-list", "HEAD"], text=True).split()
    for name, entry in design.read(head / "studies.yaml").items():
        for commit in table.read(head / "reports" / "studies" / f"{name}.csv", entry)["commit"].dropna().unique():
            assert any(one.startswith(commit.removesuffix("+")) for one in history), (name, commit)


def test_the_networks_of_the_pipeline_are_among_the_committed_seeds(head):
    rows = pd.read_csv(head / "reports" / "studies" / "seeds.csv")
    rows = rows.query("seed == 42 and sample_seed == 42").set_index(["dataset", "cell"])
    for run, entry in params.read(head / "params.yaml").runs.items():
        own, _ = metrics_and_timing(head, run)
        for name in SHOWN:
            assert rows.loc[(entry.dataset, entry.cell), name] == pytest.approx(own[name], rel=1e-5), (run, name)


def test_the_committed_page_shows_the_committed_metrics(head):
    page = (head / "reports" / "index.html").read_text()
    table = page[page.index('id="scores"') :]
    for run in params.read(head / "params.yaml").runs:
        found, timing = metrics_and_timing(head, run)
        row = table[table.index(f">{run}</th>") :].partition("</tr>")[0]
        assert all(f">{found[name]:.4f}<" in row for name in SHOWN)
        assert f">{timing['seconds_per_epoch']:.1f}</td>" in row


def metrics_and_timing(head, run):
    folders = (head / "reports" / name for name in ("metrics", "timing"))
    return [json.loads((folder / f"{run}.json").read_text()) for folder in folders]
