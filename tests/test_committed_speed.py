"""The figures of docs/speed.md are those that `make bench` wrote to reports/."""

import pytest

from tests.markdown_tables import cells


def row(head, name, *start):
    """The other cells of the row of a table in reports/ that starts with these cells."""
    lines = (head / "reports" / name).read_text().splitlines()
    (found,) = (cells(line)[len(start) :] for line in lines if cells(line)[: len(start)] == list(start))
    return found


@pytest.fixture(scope="module")
def docs(head):
    return (head / "docs" / "speed.md").read_text()


@pytest.mark.parametrize("dataset", ["single_digit", "full"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_docs_show_the_measured_training(head, docs, cell, dataset):
    work = f"training, {cell} on {dataset}"
    ours, _, share = row(head, "benchmarks.md", work, "ours")
    usual, times, _ = row(head, "benchmarks.md", work, "usual loop")
    assert f"\n| {cell.upper()}, {dataset} | {ours} | {usual} | {times} | {share} |\n" in docs


def test_the_docs_show_the_measured_decoding(head, docs):
    ours, one = (
        row(head, "benchmarks.md", "decoding, corpus in order", way)[0] for way in ("ours", "one row at a time")
    )
    assert f"Decoding the corpus in order: {ours} rows per second in batches, {one} one at a time." in docs


def test_the_docs_show_the_measured_load(head, docs):
    ours, default = (row(head, "load.md", f"GOMP_SPINCOUNT={way}") for way in ("1000 (ours)", "300000"))
    assert f"\n| alone | {ours[0]} | {default[0]} |\n| beside two busy processes | {ours[2]} | {default[2]} |\n" in docs
