"""The committed results: readable, up to date with the code and params.yaml, and shown in README.md and on the page."""

import json
import re
import subprocess

import pandas as pd
import pytest

from stages import params, studies, study_table
from stages.page import inputs, kept
from tests.copies import BIN


def test_every_committed_result_is_readable(head):
    """pandas alone finds as many rows."""
    reports = head / "reports"
    for name, entry in studies.read(head / "studies.yaml").items():
        path = reports / "studies" / f"{name}.csv"
        assert len(study_table.read(path, entry)) == len(pd.read_csv(path)), name
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


DATASETS = "single_digit", "two_digit", "without_1", "full"


def test_the_readme_shows_the_committed_exact_matches(head):
    lines = (head / "README.md").read_text().splitlines()
    rows = "| the report's way:", "| the better recipe", "| a scratchpad"
    table = [line.split("|")[2:-1] for line in lines if line.startswith(rows)]
    whole = study(head, "whole_subsets").set_index(["dataset", "name"])["exact_match"]
    calculator = study(head, "calculator").set_index("name")["exact_match"]
    expected = (
        repeated(study(head, "seeds").query("cell == 'lstm' and sample_seed == 42"), 5),
        repeated(study(head, "cost").query("name == 'recipe'"), 3),
        [None, *(whole[name, "nine tenths"] for name in DATASETS[1:3]), calculator["nine tenths … lower peak"]],
        [None, None, None, calculator["value only"]],
        [None, None, None, calculator.max()],
    )
    for row, shares in zip(table, expected, strict=True):
        assert [cell.strip() for cell in row] == list(map(shown, shares))


def shown(share):
    if isinstance(share, str | None):
        return share or ""
    return f"{share:.3f}" if share < 0.9995 else f"{share:.6f}"


def study(head, name):
    return pd.read_csv(head / "reports" / "studies" / f"{name}.csv")


def repeated(rows, networks):
    """Mean and standard deviation of the exact match on each dataset, over its networks."""
    found = rows.groupby("dataset")["exact_match"]
    assert set(found.size()) == {networks}
    return [f"{found.mean()[name]:.3f} ± {found.std()[name]:.3f}" for name in DATASETS]


def test_the_docs_show_the_committed_optimisers(head):
    lines = (head / "docs" / "network.md").read_text().splitlines()
    ways = {
        "the report's way, AdamW": "as the report",
        "the report's way, Muon": "as the report but Muon",
        "the better recipe, AdamW": "recipe",
        "the better recipe, Muon": "recipe with Muon",
    }
    cost = study(head, "cost")
    for start, name in ways.items():
        (line,) = (line for line in lines if line.startswith(f"| {start}"))
        rows = cost[cost["name"] == name]
        expected = repeated(rows, 3) if "AdamW" in start else list(map(shown, rows["exact_match"]))
        assert [cell.strip() for cell in line.split("|")[2:-1]] == expected


LINES = {  # of docs/network.md: the study, and the key and value of the line's networks
    "baseline": ("recipe", "name", "as the report"),
    "one-cycle schedule,": ("recipe", "name", "one-cycle"),
    "orthogonal initial": ("recipe", "name", "+ orthogonal"),
    "feedback |": ("recipe", "name", "+ feedback"),
    "attention |": ("recipe", "name", "+ attention"),
    "GRU instead": ("recipe", "name", "+ GRU"),
    "batches of 256": ("recipe", "name", "GRU … batch 256"),
    "AdamW, learning rate": ("muon", "name", "AdamW"),
    "Muon, up to": ("muon", "name", "Muon"),
    "| 0.01 | together": ("muon", "name", "gates together"),
    "| 0.1 | apart": ("gates", "gates", "apart"),
    "| 0.1 | together": ("gates", "gates", "together"),
    "no scratchpad": ("form", "scratchpad", "none"),
    "nearly the rule": ("form", "scratchpad", "steps"),
    "products of factors": ("form", "scratchpad", "coarse"),
    "… and the digits": ("form", "scratchpad", "front"),
}


@pytest.mark.parametrize("start", LINES)
def test_the_docs_show_the_committed_means_and_deviations(head, start):
    name, key, value = LINES[start]
    lines = (head / "docs" / "network.md").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"| {start}"))
    rows = pd.read_csv(head / "reports" / "studies" / f"{name}.csv", keep_default_na=False)
    rows = rows[rows[key] == value]
    assert len(rows) == (4 if name == "gates" else 3)
    exact_match = rows["exact_match"].astype(float)
    assert f" {exact_match.mean():.3f} ± {exact_match.std():.3f} " in line
    if name in ("muon", "gates"):
        seconds = rows["seconds_per_epoch"].astype(float)
        assert line.endswith(f" {seconds.mean():.0f} ± {seconds.std():.0f} |")


def test_the_docs_show_the_committed_seeds(head):
    text = (head / "docs" / "studies.md").read_text()
    for (dataset, cell), rows in study(head, "seeds").groupby(["dataset", "cell"]):
        (line,) = (line for line in text.splitlines() if line.startswith(f"| {dataset}-{cell} |"))
        for column, own in {2: rows[rows["sample_seed"] == 42], 5: rows[rows["seed"] == 42]}.items():
            shown = [f"{own[name].mean():.3f} ± {own[name].std():.3f}" for name in ("exact_match", "loss")]
            cells = [cell.strip() for cell in line.split("|")]
            found = [cells[column], cells[column + 2 if column == 2 else column + 1]]
            assert (found, len(own)) == (shown, 5)


def test_the_docs_show_the_committed_grus(head):
    text = (head / "docs" / "studies.md").read_text()
    found = study(head, "cell").query("cell == 'gru'").groupby("dataset")["exact_match"]
    for dataset in ("two_digit", "without_1", "full"):
        assert f" {found.mean()[dataset]:.3f} ± {found.std()[dataset]:.3f} on {dataset}" in text


def test_the_docs_tell_what_the_page_tells_of_seeds_and_draws(head):
    page, text = (head / "reports" / "index.html").read_text(), (head / "docs" / "studies.md").read_text()
    spread = r"the standard deviation(?: of exact match)? is\s(\S+) times that over seeds \((\S+) to ([\d.]+)"
    on_page = re.search(rf"Exact match: over draws {spread}, 5 runs\): (within chance)\.", page)
    in_docs = re.search(rf"over draws {spread}\), (within chance)\.", text)
    assert on_page.groups() == in_docs.groups()
    assert re.search(r"a standard\sdeviation of (.* points)", text)[1] in page


def test_the_networks_of_the_pipeline_are_among_the_committed_seeds(head):
    rows = study(head, "seeds").query("seed == 42 and sample_seed == 42").set_index(["dataset", "cell"])
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
