"""Every figure of a study that a table of README.md or docs/ shows is that of the committed rows."""

import re

import pandas as pd
import pytest
from scipy import stats

from tests.markdown_tables import cells

DATASETS = "single_digit", "two_digit", "without_1", "full"


def test_the_readme_shows_the_committed_exact_matches(head):
    lines = (head / "README.md").read_text().splitlines()
    rows = "| the report's way:", "| the better recipe", "| a scratchpad"
    table = [cells(line)[1:] for line in lines if line.startswith(rows)]
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
        assert row == list(map(shown, shares))


def shown(share):
    if isinstance(share, str | None):
        return share or ""
    return f"{share:.3f}" if share < 0.9995 else f"{share:.6f}"


def study(head, name):
    path = head / "reports" / "studies" / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=[""])  # by default "none" is a gap


def spread(values, digits=3):
    return f"{values.mean():.{digits}f} ± {values.std():.{digits}f}"


def repeated(rows, networks):
    """Mean and standard deviation of the exact match on each dataset, over its networks."""
    found = rows.groupby("dataset")["exact_match"]
    assert set(found.size()) == {networks}
    return [spread(found.get_group(name)) for name in DATASETS]


WAYS = {  # the beginning of a line of docs/network.md, and the name of its networks in the study `cost`
    "the report's way, AdamW": "as the report",
    "the report's way, Muon": "as the report but Muon",
    "the better recipe, AdamW": "recipe",
    "the better recipe, Muon": "recipe with Muon",
}


@pytest.mark.parametrize("start", WAYS)
def test_the_docs_show_the_committed_optimisers(head, start):
    cost = study(head, "cost")
    assert cells_of(head, start)[1:] == repeated(cost[cost["name"] == WAYS[start]], 3)


@pytest.mark.parametrize("decoder", ["context", "feedback", "attention"])
@pytest.mark.parametrize(("word", "scratchpad"), [("without", "none"), ("with", "steps")])
def test_the_docs_show_the_committed_scratchpads(head, decoder, word, scratchpad):
    rows = study(head, "scratchpad").query("decoder == @decoder and scratchpad == @scratchpad")
    assert cells_of(head, f"{decoder} | {word} |")[2:] == repeated(rows, 3)


def test_the_docs_show_the_committed_pilots(head):
    pilots = study(head, "pilot").groupby(["hidden_dim", "batch_size", "lr"])
    for (hidden, batch, lr), rows in pilots:
        assert cells_of(head, f"{hidden} | {batch:,} | {lr} |")[3:] == [spread(rows["exact_match"])]
    assert set(pilots.size()) == {3}


def test_the_docs_show_the_committed_averages(head):
    text = " ".join((head / "docs" / "network.md").read_text().split())
    found = study(head, "averaging").query("schedule == 'constant'").groupby("averaging")["exact_match"]
    assert f" {spread(found.get_group(0.98))} against {spread(found.get_group(0.0))} with a constant" in text


LINES = {  # the beginning of a line of docs/network.md, and the study and the value of its networks
    "baseline": ("recipe", "as the report"),
    "one-cycle schedule,": ("recipe", "one-cycle"),
    "orthogonal initial": ("recipe", "+ orthogonal"),
    "feedback | 0": ("recipe", "+ feedback"),
    "attention | 0": ("recipe", "+ attention"),
    "GRU instead": ("recipe", "+ GRU"),
    "batches of 256": ("recipe", "GRU … batch 256"),
    "AdamW, learning rate": ("muon", "AdamW"),
    "Muon, up to": ("muon", "Muon"),
    "| 0.01 | together": ("muon", "gates together"),
    "| 0.1 | apart": ("gates", "apart"),
    "| 0.1 | together": ("gates", "together"),
    "no scratchpad": ("form", "none"),
    "nearly the rule": ("form", "steps"),
    "products of factors": ("form", "coarse"),
    "… and the digits": ("form", "front"),
}


@pytest.mark.parametrize("start", LINES)
def test_the_docs_show_the_committed_means_and_deviations(head, start):
    name, value = LINES[start]
    rows = at(study(head, name), value)
    assert len(rows) == (4 if name == "gates" else 3)
    found = cells_of(head, start)
    assert spread(rows["exact_match"]) in found
    if name in ("muon", "gates"):
        assert found[-1] == spread(rows["seconds_per_epoch"], 0)


SETTINGS = {  # of Muon: the beginning of a line of docs/network.md, and the value of its networks
    "half the": "half the rate",
    "twice the": "twice the rate",
    "AdamW's part": "AdamW's rate a third",
    "momentum": "momentum 0.9",
    "no weight decay": "no decay",
    "weight decay 0.1": "decay 0.1",
    "batches of 512": "batches of 512",
    "batches of 128": "batches of 128",
    "rows of two operands": "two operands 10 times",
    "hidden size 256": "256 wide",
}


@pytest.mark.parametrize("start", SETTINGS)
def test_the_docs_show_what_a_setting_of_muon_changes(head, start):
    one, other = (at(study(head, "muon"), value).set_index("seed").sort_index() for value in (SETTINGS[start], "Muon"))
    title, score, difference = cells_of(head, start)
    assert score == spread(one["exact_match"])
    found = stats.ttest_rel(100 * one["exact_match"], 100 * other["exact_match"])
    low, high = found.confidence_interval()
    assert difference == f"{(low + high) / 2:+.1f} ± {(high - low) / 2:.1f}"
    if "times" in title.partition("(")[2]:
        longer = one["seconds_per_epoch"].mean() / other["seconds_per_epoch"].mean()
        assert title.endswith(f"({longer:.1f} times the seconds)")


def at(rows, value):
    """The rows of a study that has one key, which its points name first."""
    return rows[rows.iloc[:, 2] == value]


def cells_of(head, start):
    """The cells of the line of docs/network.md with this beginning and with a deviation."""
    lines = (head / "docs" / "network.md").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"| {start}") and " ± " in line)
    return cells(line)


def test_the_docs_show_the_committed_seeds(head):
    text = (head / "docs" / "studies.md").read_text()
    for (dataset, cell), rows in study(head, "seeds").groupby(["dataset", "cell"]):
        (line,) = (line for line in text.splitlines() if line.startswith(f"| {dataset}-{cell} |"))
        for column, own in {1: rows[rows["sample_seed"] == 42], 4: rows[rows["seed"] == 42]}.items():
            expected = [spread(own[name]) for name in ("exact_match", "loss")]
            found = [cells(line)[column], cells(line)[column + 2 if column == 1 else column + 1]]
            assert (found, len(own)) == (expected, 5)


def test_the_docs_show_the_committed_grus(head):
    text = (head / "docs" / "studies.md").read_text()
    found = study(head, "cell").query("cell == 'gru'").groupby("dataset")["exact_match"]
    for dataset in ("two_digit", "without_1", "full"):
        assert f" {spread(found.get_group(dataset))} on {dataset}" in text


def test_the_docs_tell_what_the_page_tells_of_seeds_and_draws(head):
    page, text = (head / "reports" / "index.html").read_text(), (head / "docs" / "studies.md").read_text()
    spread = r"the standard deviation(?: of exact match)? is\s(\S+) times that over seeds \((\S+) to ([\d.]+)"
    on_page = re.search(rf"Exact match: over draws {spread}, 5 runs\): (within chance)\.", page)
    in_docs = re.search(rf"over draws {spread}\), (within chance)\.", text)
    assert on_page.groups() == in_docs.groups()
    assert re.search(r"a standard\sdeviation of (.* points)", text)[1] in page
