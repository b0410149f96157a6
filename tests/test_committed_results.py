"""The committed results: readable, up to date with the code and params.yaml, and shown on the page."""

import json
import subprocess

import pandas as pd
import pytest

from stages.common import params
from stages.page import inputs
from stages.studies import design, table
from tests.copies import BIN

SHOWN = "exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss"


@pytest.fixture(scope="module")
def studies(head):
    """Every study with the path of its table."""
    return {
        head / "reports" / "studies" / f"{name}.csv": study
        for name, study in design.read(head / "studies.yaml").items()
    }


def test_what_studies_kept_of_a_network_adds_up(studies):
    for path, study in studies.items():
        assert len(table.read(path, study)) == len(pd.read_csv(path)), path  # each row is a point of the study
        for point in study.keep:
            _, kinds, mistakes, held_out, beyond, rounding, square = inputs.kept(path.with_suffix("") / point)
            asked = beyond.groupby("kind")["rows"].sum()
            assert set(asked) == {3000}
            assert (len(asked), square is not None) in ((4, False), (7, True))  # three kinds and the map came later
            assert len(mistakes) == (kinds["rows"] - kinds["right"]).sum()
            assert rounding["rows"] == kinds["rows"].sum()
            assert rounding["exact_match"] == pytest.approx(kinds["right"].sum() / kinds["rows"].sum(), abs=1e-6)
            assert rounding["changed"] <= 5 * rounding["rows"] / 10_000
            assert len(held_out) == held_out["src"].nunique() == 1000


def test_the_committed_results_fit_the_committed_code_and_params(head):
    """DVC compares dvc.lock with code, params and the results in git; a clone has no data, which it allows."""
    command = [BIN / "dvc", "repro", "--dry", "--allow-missing"]
    done = subprocess.run(command, cwd=head, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Running stage" not in done.stdout, done.stdout
    assert "up to date" in done.stdout


def test_every_row_names_a_commit_of_this_history(head, studies):
    """A shallow clone cannot tell."""
    git = ["git", "-C", head]
    if subprocess.check_output([*git, "rev-parse", "--is-shallow-repository"], text=True).strip() == "true":
        pytest.skip("needs the whole history: git fetch --unshallow")
    history = subprocess.check_output([*git, "rev-list", "HEAD"], text=True)
    for path, study in studies.items():
        for commit in table.read(path, study)["commit"].dropna().unique():
            assert f"\n{commit.removesuffix('+')}" in f"\n{history}", (path, commit)


def test_the_pipeline_s_networks_are_on_the_page_and_among_the_committed_seeds(head):
    rows = pd.read_csv(head / "reports" / "studies" / "seeds.csv")
    rows = rows.query("seed == 42 and sample_seed == 42").set_index(["dataset", "cell"])
    page = (head / "reports" / "index.html").read_text()
    scores = page[page.index('id="scores"') :]
    for name, run in params.read(head / "params.yaml").runs.items():
        folders = (head / "reports" / kind for kind in ("metrics", "timing"))
        metrics, timing = (json.loads((folder / f"{name}.json").read_text()) for folder in folders)
        row = scores[scores.index(f">{name}</th>") :].partition("</tr>")[0]
        for measure in SHOWN:
            assert rows.loc[(run.dataset, run.cell), measure] == pytest.approx(metrics[measure], rel=1e-5)
            assert f">{metrics[measure]:.4f}<" in row
        assert f">{timing['seconds_per_epoch']:.1f}</td>" in row
