"""The network of the whole corpus: what its study keeps, and what the page makes of that, against hand-made rows."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import FOLDERS, ROOT, options, stage

from stages import files, params, report, studies, study_table
from stages.command import BadInput
from stages.lab import kept
from stages.network import alphabet, scores, weights
from stages.page import learned, limits, whole
from stages.page.references import OTHERS
from stages.page.whole import Whole

ANSWERS = pd.DataFrame(
    [
        ("1+2=", 3, "3", "3", True, "a+b", 0.9),
        ("4+5=", 9, "8", "8", False, "a+b", 0.8),
        ("4*5*6=", 120, "21*6=130", "130", False, "a*b*c", 0.7),
        ("3-9*9=", -78, "-7", "-7", False, "a-b*c", 0.95),
        ("9*9*9=", 729, "", "", False, "a*b*c", 0.1),
    ],
    columns=files.PREDICTIONS.names,
)
BEYOND = pd.DataFrame({"kind": ["four operands"], "template": ["a+b+c+d"], "rows": [4], "right": [1]})
EVERYTHING = pd.DataFrame({"template": ["a+b", "a*b*c"], "rows": [2, 2], "right": [1, 0]})
ROUNDING = {"sha256": "0" * 64, "rows": 5, "changed": 1, "exact_match": 0.8}
HISTORY = pd.DataFrame({"epoch": [1, 2], "valid_exact_match": [0.5, 0.8]})
ROW = pd.Series(
    {"exact_match": 0.81, "seconds_per_epoch": 1800, "device": "cpu", "threads": 2, "processes": 1, "torch": "2.13.0"}
)


@pytest.fixture
def found():
    point = {"name": "?", "cell": "gru", "lr": 0.005}
    return Whole("best", point, ROW, HISTORY, *tables(ANSWERS).values(), ROUNDING)


def tables(answers):
    made = {"kinds": kept.kinds(answers), "mistakes": kept.mistakes(answers), "held_out": answers[kept.KEPT]}
    return made | {"beyond": BEYOND}


def test_kinds_and_mistakes_by_hand():
    assert kept.kinds(ANSWERS).to_dict("records") == [
        {"template": "a*b*c", "length": 3, "rows": 2, "right": 0},
        {"template": "a+b", "length": 1, "rows": 2, "right": 1},
        {"template": "a-b*c", "length": 3, "rows": 1, "right": 0},
    ]
    assert kept.mistakes(ANSWERS)["src"].tolist() == ["4+5=", "4*5*6=", "3-9*9=", "9*9*9="]


def test_hours_are_those_of_the_passes(found):
    reached = whole.reached([found])
    assert reached.loc[reached["ours"], ["hours", "exact_match"]].to_numpy().tolist() == [
        [0.5, 0.5],
        [1.0, 0.81],  # of the row
    ]
    largest = reached[reached["name"] == OTHERS[0].name].iloc[-1]
    assert (largest["exact_match"], largest["hours"]) == (0.9948, pytest.approx(20 * 340 / 3600))
    assert found.hours == 1
    assert found.rows == 5


def test_what_mistakes_have_in_common_by_hand(found):
    """4+5= 8 for 9; 4*5*6= 130 for 120; 3-9*9= -7 for -78; 9*9*9= nothing for 729."""
    shares = [share for _, share in limits.common(found)]
    assert shares == [
        0.75,  # a product
        0.5,  # of three numbers
        0.5,  # as long: 8, 130
        0.75,  # sign: not the empty one
        0.5,  # first character: 130, -7
        0.25,  # last digit: 130
        0.5,  # one wrong character: 8, 130
        0.0,  # within one hundredth
    ]


def test_tables_by_hand(found):
    assert [[cell.text for cell in row] for row in limits.by_template(found).rows] == [
        ["a+b", "2", "1", "0.5000"],
        ["a-b*c", "1", "1", "0.0000"],
        ["a*b*c", "2", "2", "0.0000"],
    ]
    assert limits.by_template(found).heads == ["template", "held out", "wrong", "exact match"]
    assert [row[0].text for row in limits.by_length(found).rows] == ["1", "3"]
    assert limits.comparison([found]).heads == [
        "network",
        "epochs",
        "hours",
        "exact match",
        "hours to 0.97",
        "settings",
    ]
    ours, largest, *_ = limits.comparison([found]).rows
    assert [cell.text for cell in ours] == ["best", "2", "1.00", "0.8100", "never", "cell gru, lr 0.005"]
    assert [cell.text for cell in largest][:5] == ["LSTM 1024, next character", "20", "1.89", "0.9948", "0.94"]


def test_the_first_point_of_the_mark(found, monkeypatch):
    monkeypatch.setattr(limits, "MARK", 0.5)
    assert limits.comparison([found]).rows[0][4].text == "0.50"


def test_the_whole_corpus_and_its_pairs_by_hand():
    shipped = whole.Shipped("best", EVERYTHING, ANSWERS[:0])
    assert limits.overall(shipped) == [("expressions", 4, 1), ("a+b", 2, 1)]


def test_what_was_learned_by_hand(found):
    kinds = learned.by_kind([found, replace(found, name="other")])
    assert kinds.heads == ["expressions", "best", "other"]
    assert [[cell.text for cell in row] for row in kinds.rows] == [
        ["held out", "0.2000", "0.2000"],
        ["four operands", "0.2500", "0.2500"],
    ]
    more = pd.DataFrame({"kind": ["1 operand"], "template": ["a+b"], "rows": [8], "right": [2]})
    templates = learned.by_template(replace(found, beyond=pd.concat([BEYOND, more])))
    assert templates.heads == ["template", "held out", "1 operand"]
    assert [[cell.text for cell in row] for row in templates.rows] == [
        ["a+b", "0.5000", "0.2500"],
        ["a-b*c", "0.0000", ""],
        ["a*b*c", "0.0000", ""],
    ]


def test_the_best_and_the_worst_template(found):
    assert limits.shares(found).to_dict() == {"a+b": 0.5, "a*b*c": 0.0, "a-b*c": 0.0}
    assert limits.shares(found).index[0] == "a+b"


def test_the_surest_mistakes_are_listed_first(found, monkeypatch):
    assert [answer.src for answer in limits.listed(found.mistakes)] == ["3-9*9=", "4+5=", "4*5*6=", "9*9*9="]
    monkeypatch.setattr(limits, "LISTED", 1)
    assert [answer.src for answer in limits.listed(found.mistakes)] == ["3-9*9="]


def test_the_curve_has_everyone(found):
    told = [panel.alt for panel in limits.curve([found]).panels]
    assert all(one.name in text for text in told for one in OTHERS)
    assert "best 0.8100 after 1.00 hours" in told[0]
    assert "best 0.1900 after 1.00 hours" in told[1]


def test_the_curve_is_drawn_by_hours(found):
    """Ours: two epochs of half an hour, the last point that of the row, 0.81. OTHERS[1]: ten epochs of 163 seconds."""
    right, wrong = (panel.figure.axes[0] for panel in limits.curve([found]).panels)
    names = [found.name, *(one.name for one in OTHERS)]
    for axes, ours, theirs in ((right, [0.5, 0.81], 0.958), (wrong, [0.5, 0.19], 0.042)):
        lines = {line.get_label(): line for line in axes.lines}
        assert list(lines) == names
        assert lines[found.name].get_xdata().tolist() == [0.5, 1]
        assert lines[found.name].get_ydata() == pytest.approx(ours)
        assert lines[OTHERS[1].name].get_xdata() == pytest.approx([10 * 163 / 3600])
        assert lines[OTHERS[1].name].get_ydata() == pytest.approx([theirs])
        assert [line.is_dashed() for line in axes.lines] == [False] + [True] * len(OTHERS)
        assert len({line.get_color() for line in axes.lines}) == len(names)
        assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "hours of training")
    assert (right.get_yscale(), wrong.get_yscale()) == ("linear", "log")


STUDY = studies.find(ROOT / "studies.yaml", "calculator", params.read(ROOT / "params.yaml"))


def tried(status):
    (point,) = studies.at(studies.points(STUDY), STUDY.keep[STUDY.ships])
    return pd.DataFrame([{"point": studies.label(point), "status": status, **ROW}])


def write(study, **made):
    """Everything that a study keeps of the network that ships."""
    folder = study / STUDY.ships
    folder.mkdir(parents=True)
    pairs = made["mistakes"][made["mistakes"]["template"] == "a+b"]
    for name, table in (made | {"history": HISTORY, "everything": EVERYTHING, "pairs": pairs}).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "rounding.json").write_text(json.dumps(ROUNDING))


def test_what_was_kept_is_read_back(found, tmp_path):
    write(tmp_path, **tables(ANSWERS))
    networks, shipped = report.networks(tmp_path, STUDY, tried("done"))
    again = networks[STUDY.ships]
    assert (list(networks), shipped.name) == ([STUDY.ships], STUDY.ships)
    assert shipped.everything.to_dict("list") == EVERYTHING.to_dict("list")
    assert shipped.pairs["src"].tolist() == ["4+5="]
    assert again.beyond.to_dict("list") == BEYOND.to_dict("list")
    assert again.mistakes["predicted"].tolist() == ["8", "130", "-7", ""]
    assert limits.common(again) == limits.common(found)
    assert (len(again.held_out), again.rounding) == (5, ROUNDING)


def test_nothing_was_kept_of_what_was_not_measured(tmp_path):
    assert report.networks(tmp_path, STUDY, tried("not measured: about 999 minutes")) == ({}, None)
    with pytest.raises(BadInput, match=r"history\.csv: no such file; `git checkout .*` brings it back"):
        report.networks(tmp_path, STUDY, tried("done"))


def test_a_kept_table_that_cannot_be_read(found, tmp_path):
    write(tmp_path, **tables(ANSWERS))
    for content, words in {"": "cannot be read", "src,tgt\n": "lacks predicted, probability, template"}.items():
        (tmp_path / STUDY.ships / "mistakes.csv").write_text(content)
        with pytest.raises(BadInput, match=rf"mistakes\.csv: {words}"):
            report.networks(tmp_path, STUDY, tried("done"))


@pytest.mark.parametrize(
    ("answers", "said"), [(ANSWERS, "75.0 % have a product in the expression"), (ANSWERS[:1], "<p>There are none.</p>")]
)
def test_on_the_page(answers, said, finished, tmp_path):
    """With mistakes and without any."""
    folder = tmp_path / "studies" / "calculator"
    write(folder, **tables(answers))
    columns = study_table.read(tmp_path / "none.csv", STUDY).columns
    tried("done").assign(rows=len(answers)).reindex(columns=columns).to_csv(folder.with_suffix(".csv"), index=False)
    lab = {name: finished / name for name in FOLDERS} | {"studies": tmp_path / "studies"}
    output = tmp_path / "index.html"
    done = stage("report", finished / "params.yaml", ROOT / "studies.yaml", *options(lab), "--page", output)
    assert done.returncode == 0, done.stderr
    page = output.read_text()
    section = page[page.index('<section id="whole"') :].partition("</section>")[0]
    assert "<strong>80.00 %</strong>" in section
    assert said in section
    assert "nan" not in section


def test_the_kept_weights_are_those_of_the_study(head, corpus):
    """They make the mistakes that are kept, and are as often right on rows of the corpus."""
    network = weights.load(head / "data" / "models" / "calculator.safetensors")
    table = study_table.read(head / "reports" / "studies" / "calculator.csv", STUDY)
    found = report.networks(head / "reports" / "studies" / "calculator", STUDY, table)[0][STUDY.ships]
    # The curve was measured in the training's bf16, the row in float32
    assert network.history[-1]["valid_exact_match"] == pytest.approx(found.row["exact_match"], abs=0.005)
    mistakes = found.mistakes[:500]
    assert np.mean(answered(network, mistakes["src"]) == mistakes["predicted"]) > 0.99
    rows = pq.read_table(corpus).to_pandas().sample(3000, random_state=0)
    right = np.mean(answered(network, rows["src"]) == rows["tgt"].astype(str))
    assert right == pytest.approx(found.row["exact_match"], abs=0.02)


def answered(network, sources):
    decoded, _ = scores.decode(network.model, alphabet.encode_sources(list(sources)), network.steps)
    return np.array([alphabet.decode(ids) for ids in decoded.tolist()])
