"""Every figure that README.md and docs/ show of a study or a benchmark is that of the committed tables."""

import re
from itertools import product

import pandas as pd
import pytest
from scipy import stats

DATASETS = "single_digit", "two_digit", "without_1", "full"


def line_of(path, *start):
    """The cells of the only table line of a Markdown file whose first cells are, or else begin with, `start`."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in path.read_text().splitlines()]
    near = [line for line in lines if len(line) >= len(start) and all(map(str.startswith, line, start))]
    (line,) = [line for line in near if line[: len(start)] == [*start]] or near
    return line


def study(head, name, query=None):
    path = head / "reports" / "studies" / f"{name}.csv"
    rows = pd.read_csv(path, keep_default_na=False, na_values=[""])  # by default "none" is a gap
    return rows.query(query) if query else rows


def spread(values, digits=3):
    return f"{values.mean():.{digits}f} ± {values.std():.{digits}f}"


def by_dataset(rows, networks):
    """Mean and standard deviation of the exact match on each dataset, over its networks."""
    shares = rows.groupby("dataset")["exact_match"]
    assert set(shares.size()) == {networks}
    return [spread(shares.get_group(name)) for name in DATASETS]


def test_the_readme_shows_the_committed_exact_matches(head):
    tuned = study(head, "whole_subsets", "name == 'nine tenths'").set_index("dataset")["exact_match"]
    calculator = study(head, "calculator").set_index("name")["exact_match"]
    shares = *tuned[["two_digit", "without_1"]], calculator["nine tenths … lower peak"]
    for start, expected in {
        "the report's way:": by_dataset(study(head, "seeds", "cell == 'lstm' and sample_seed == 42"), 5),
        "the better recipe, on": by_dataset(study(head, "cost", "name == 'recipe'"), 3),
        "the better recipe, tuned": ["", *(f"{share:.3f}" for share in shares)],
        "the better recipe with Muon": ["", "", "", f"{calculator['value only']:.3f}"],
        "a scratchpad": ["", "", "", f"{calculator['four passes with a scratchpad']:.6f}"],
        "it asks itself": ["", "", "", f"{calculator['asks itself']:.6f}"],
    }.items():
        assert line_of(head / "README.md", start)[1:] == expected, start


def test_the_readme_tells_where_the_world_of_each_form_ends(head):
    names = "questions", "scratchpad", "value_only"
    tables = [pd.read_csv(head / f"reports/studies/calculator/{name}/beyond.csv") for name in names]
    sums = pd.concat([table.groupby("kind")[["rows", "right"]].sum() for table in tables], axis=1, keys=names)
    for kind, row in sums.iterrows():
        shares = [row[name, "right"] / row[name, "rows"] for name in names]
        assert line_of(head / "README.md", kind)[1:] == ["" if share != share else f"{share:.3f}" for share in shares]


# By study and column: the values of its networks, and how the line of docs/network.md begins that shows their mean
LINES = {
    ("recipe", "name"): {
        "as the report": ["baseline"],
        "one-cycle": ["one-cycle schedule,"],
        "+ orthogonal": ["orthogonal initial"],
        "+ feedback": ["feedback", "0."],
        "+ attention": ["attention", "0."],
        "+ GRU": ["GRU instead"],
        "GRU … batch 256": ["batches of 256"],
    },
    ("form", "scratchpad"): {
        "none": ["no scratchpad"],
        "steps": ["nearly the rule"],
        "coarse": ["products of factors"],
        "front": ["… and the digits"],
    },
    ("gates", "gates"): {"apart": ["", "0.1", "apart"], "together": ["", "0.1", "together"]},
    ("muon_settings", "name"): {
        "AdamW": ["AdamW, learning rate"],
        "Muon": ["Muon, up to"],
        "gates together": ["", "0.01", "together"],
        "half the rate": ["half the"],
        "twice the rate": ["twice the"],
        "AdamW's rate a third": ["AdamW's part"],
        "momentum 0.9": ["momentum"],
        "no decay": ["no weight decay"],
        "decay 0.1": ["weight decay 0.1"],
        "batches of 512": ["batches of 512"],
        "batches of 128": ["batches of 128"],
        "two operands 10 times": ["rows of two operands"],
        "256 wide": ["hidden size 256"],
    },
    ("cost", "name"): {
        "as the report": ["the report's way, AdamW"],
        "as the report but Muon": ["the report's way, Muon"],
        "recipe": ["the better recipe, AdamW"],
        "recipe with Muon": ["the better recipe, Muon"],
    },
}


@pytest.mark.parametrize("place", LINES)
def test_the_docs_show_the_committed_means(head, place):
    """A setting of Muon also shows the difference from Muon seed by seed; a line with a time shows it last."""
    name, column = place
    table = study(head, name).set_index("seed").sort_index()
    for value, start in LINES[place].items():
        rows, line = table[table[column] == value], line_of(head / "docs" / "network.md", *start)
        if name == "cost":
            assert line[1:] == by_dataset(rows, 3), value
            continue
        assert len(rows) == (4 if name == "gates" else 3)
        shown = [spread(rows["exact_match"])]
        muon = table[table[column] == "Muon"]
        if len(line) == 5:
            shown.append(spread(rows["seconds_per_epoch"], 0))
        elif len(muon):
            low, high = stats.ttest_rel(100 * rows["exact_match"], 100 * muon["exact_match"]).confidence_interval()
            shown.append(f"{(low + high) / 2:+.1f} ± {(high - low) / 2:.1f}")
        assert line[-len(shown) :] == shown, value
        if "times the seconds" in line[0]:
            longer = rows["seconds_per_epoch"].mean() / muon["seconds_per_epoch"].mean()
            assert line[0].endswith(f"({longer:.1f} times the seconds)")


def test_the_docs_show_the_committed_scratchpads_pilots_and_averages(head):
    path = head / "docs" / "network.md"
    for (decoder, scratchpad), rows in study(head, "scratchpad").groupby(["decoder", "scratchpad"]):
        line = line_of(path, decoder, {"none": "without", "steps": "with"}[scratchpad])
        assert line[2:] == by_dataset(rows, 3)
    for (hidden, batch, lr), rows in study(head, "pilot").groupby(["hidden_dim", "batch_size", "lr"]):
        line = line_of(path, str(hidden), f"{batch:,}", str(lr))
        assert (line[3:], len(rows)) == ([spread(rows["exact_match"])], 3)
    muon = spread(study(head, "muon", "optimizer == 'muon'")["exact_match"])
    assert f"it reaches {muon} (study `muon`" in " ".join(path.read_text().split())
    shares = study(head, "averaging", "schedule == 'constant'").groupby("averaging")["exact_match"]
    means = f" {spread(shares.get_group(0.98))} against {spread(shares.get_group(0.0))} with a constant"
    assert means in " ".join(path.read_text().split())


def test_the_docs_show_the_committed_seeds_and_grus(head):
    path = head / "docs" / "studies.md"
    for (dataset, cell), rows in study(head, "seeds").groupby(["dataset", "cell"]):
        line = line_of(path, f"{dataset}-{cell}")
        over_seeds, over_draws = rows[rows["sample_seed"] == 42], rows[rows["seed"] == 42]
        assert len(over_seeds) == len(over_draws) == 5
        shown = [spread(own[name]) for own in (over_seeds, over_draws) for name in ("exact_match", "loss")]
        assert [line[column] for column in (1, 3, 4, 5)] == shown
    grus = study(head, "cell", "cell == 'gru'").groupby("dataset")["exact_match"]
    assert all(f" {spread(grus.get_group(dataset))} on {dataset}" in path.read_text() for dataset in DATASETS[1:])


def test_the_docs_tell_what_the_page_tells_of_seeds_and_draws(head):
    page, text = (head / "reports" / "index.html").read_text(), (head / "docs" / "studies.md").read_text()
    ratio = r"the standard deviation(?: of exact match)? is\s(\S+) times that over seeds \((\S+) to ([\d.]+)"
    on_page = re.search(rf"Exact match: over draws {ratio}, 5 runs\): (within chance)\.", page)
    in_docs = re.search(rf"over draws {ratio}\), (within chance)\.", text)
    assert on_page.groups() == in_docs.groups()
    assert re.search(r"a standard\sdeviation of (.* points)", text)[1] in page


def test_the_docs_show_the_measured_speeds(head):
    docs, speed, load = (head / name for name in ("docs/speed.md", "reports/benchmarks.md", "reports/load.md"))
    for cell, dataset in product(("lstm", "gru"), ("single_digit", "full")):
        work = f"training, {cell} on {dataset}"
        (ours, _, share), (usual, times, _) = (line_of(speed, work, way)[2:] for way in ("ours", "usual loop"))
        assert line_of(docs, f"{cell.upper()}, {dataset}", ours)[1:] == [ours, usual, times, share]
    work = "decoding, corpus in order"
    batches, single = (line_of(speed, work, way)[2] for way in ("ours", "one row at a time"))
    text = " ".join(docs.read_text().split())
    assert f"in order: {batches} rows per second in batches, {single} one at a time." in text
    ways = "OMP_NUM_THREADS=1", "GOMP_SPINCOUNT=10000 (ours)", "GOMP_SPINCOUNT=300000"
    assert line_of(docs, "alone")[1:] == [line_of(load, way)[1] for way in ways]
    assert line_of(docs, "beside two busy processes")[1:] == [line_of(load, way)[3] for way in ways]
