"""The page's tables, against results that a person can count."""

import pytest

from stages.page import certainty, grids, render, runs
from tests.hand_made import FULL, GRU, LSTM, results


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_scores():
    """The report's figures stand beside ours."""
    table = runs.scores(results())
    assert table.heads[0] == "run"
    for own in ("accuracy", "loss"):
        beside = table.heads.index(f"report's {own}") - 1
        assert table.heads[beside] == {"accuracy": "position accuracy", "loss": "loss"}[own]
    report = ["over 0.90", "about 0.2"], ["over 0.90", "about 0.2"], ["0.71 to 0.76", "0.60 to 0.65"]
    for number, row, run, (accuracy, loss), seconds in zip(
        (1, 2, 3), texts(table), (LSTM, GRU, FULL), report, ("30.0", "24.0", "90.0"), strict=True
    ):
        expected = {
            "run": run,
            "exact match": f"0.{number}010",
            "token accuracy": f"0.{number}020",
            "position accuracy": f"0.{number}030",
            "report's accuracy": accuracy,
            "loss": f"0.{number}040",
            "report's loss": loss,
            "train loss": f"0.{number}050",
            "parameters": f"{number},007",
            "seconds per epoch": seconds,
        }
        shown = dict(zip(table.heads, row, strict=True))
        assert shown | expected == shown
    by_head = {head: [row[place].key for row in table.rows] for place, head in enumerate(table.heads)}
    assert by_head["report's accuracy"] == [0.9, 0.9, 0.71]
    assert by_head["parameters"] == [1007, 2007, 3007]
    assert by_head["loss"] == pytest.approx([0.104, 0.204, 0.304])
    assert by_head["seconds per epoch"] == [30, 24, 90]
    assert table.caption.endswith("on cpu (AMD EPYC 9B14), 2 threads, PyTorch 2.13.0.")


def test_datasets():
    table = grids.datasets(results())
    assert table.heads[1:] == [
        *("operands", "excluded", "expressions", "training rows", "held-out rows", "smallest answer", "largest answer"),
    ]
    assert texts(table) == [
        ["single_digit", "1 to 4", "", "8", "6", "4", "-12", "10"],
        ["full", "3 to 3", "0 5", "4", "3", "2", "7", "100"],
    ]
    assert [row[1].key for row in table.rows] == [4, 3]
    assert [row[6].key for row in table.rows] == [-12, 7]


def test_templates():
    table = grids.templates(results())
    assert table.heads == ["template", LSTM, GRU, FULL]
    assert texts(table)[:4] == [
        ["a+b", "0.80", "0.50", ""],
        ["a-b", "0.20", "0.00", "0.40"],
        ["a*b", "0.89", "0.80", ""],
        ["a+b+c", "", "", ""],
    ]
    assert texts(table)[6] == ["a-b+c", "", "", "1.00"]
    assert len(table.rows) == 24
    assert [(cell.key, cell.shade) for cell in table.rows[1]] == [(1, None), (0.2, 0.2), (0, 0), (0.4, 0.4)]
    assert (table.rows[0][3].key, table.rows[0][3].shade) == (-1, None)


def test_calibration():
    """LSTM: (10 * 0.95 + 5 * 0.3 + 5 * 0.5 + 4 * 0.65) / 24 = 0.6708; of the ten at 0.95 eight are right."""
    table = certainty.calibration(results())
    assert table.heads[1:] == [
        *("mean probability", "exact match", "calibration error"),
        *("answers with 0.9 or more", "of these correct"),
    ]
    assert texts(table) == [
        [LSTM, "0.6708", "0.7083", "0.2042", "10", "0.8000"],
        [GRU, "0.6200", "0.5200", "0.1400", "5", "1.0000"],
        [FULL, "0.4000", "0.7000", "0.3000", "0", ""],
    ]
    assert [cell.key for cell in table.rows[0]][1:] == pytest.approx([16.1 / 24, 17 / 24, 4.9 / 24, 10, 0.8])
    assert table.rows[2][5].key == -1


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    return render.render(results())


def test_the_figures_at_the_top_of_the_page(page):
    """30 and 24 seconds for each of two epochs, and 90 for one."""
    assert results().minutes == pytest.approx((2 * 30 + 2 * 24 + 90) / 60)
    assert "experiment with 3 networks" in page
    assert "<dd>10 % to 30 %</dd>" in page
    assert "<dd>3 minutes</dd>" in page
    assert (
        f"The best one,\n<strong>{FULL}</strong>, answers 30.1 % of its held-out rows correctly (one network)" in page
    )
    assert f"the weakest,\n<strong>{LSTM}</strong>, 10.1 % (one network)." in page
