"""What a study keeps of a network, read back and on the page, and the committed weights against it."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import FOLDERS, ROOT, options, stage
from kept_rows import ANSWERS, BEYOND, EVERYTHING, HISTORY, ROUNDING, ROW, network, tables

from stages import report
from stages.common import params
from stages.common.messages import BadInput
from stages.lab import kept
from stages.network import scores, tokens, weights
from stages.page import limits
from stages.studies import design, table

STUDY = design.find(ROOT / "studies.yaml", "calculator", params.read(ROOT / "params.yaml"))


def test_kinds_and_mistakes_by_hand():
    assert kept.kinds(ANSWERS).to_dict("records") == [
        {"template": "a*b*c", "length": 3, "rows": 2, "right": 0},
        {"template": "a+b", "length": 1, "rows": 2, "right": 1},
        {"template": "a-b*c", "length": 3, "rows": 1, "right": 0},
    ]
    assert kept.mistakes(ANSWERS)["src"].tolist() == ["4+5=", "4*5*6=", "3-9*9=", "9*9*9="]


def tried(status):
    (point,) = design.at(design.points(STUDY), STUDY.keep[STUDY.ships])
    return pd.DataFrame([{"point": design.label(point), "status": status, **ROW}])


def write(study, **made):
    """Everything that a study keeps of the network that ships."""
    folder = study / STUDY.ships
    folder.mkdir(parents=True)
    pairs = made["mistakes"][made["mistakes"]["template"] == "a+b"]
    for name, table in (made | {"history": HISTORY, "everything": EVERYTHING, "pairs": pairs}).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "rounding.json").write_text(json.dumps(ROUNDING))


def test_what_was_kept_is_read_back(tmp_path):
    write(tmp_path, **tables(ANSWERS))
    networks, shipped = report.networks(tmp_path, STUDY, tried("done"))
    again = networks[STUDY.ships]
    assert (list(networks), shipped.name) == ([STUDY.ships], STUDY.ships)
    assert shipped.everything.to_dict("list") == EVERYTHING.to_dict("list")
    assert shipped.pairs["src"].tolist() == ["4+5="]
    assert again.beyond.to_dict("list") == BEYOND.to_dict("list")
    assert again.mistakes["predicted"].tolist() == ["8", "130", "-7", ""]
    assert limits.common(again.mistakes).equals(limits.common(network().mistakes))
    assert (len(again.held_out), again.rounding) == (5, ROUNDING)


def test_nothing_was_kept_of_what_was_not_measured(tmp_path):
    assert report.networks(tmp_path, STUDY, tried("not measured: about 999 minutes")) == ({}, None)
    with pytest.raises(BadInput, match=r"history\.csv: no such file; `git checkout .*` brings it back"):
        report.networks(tmp_path, STUDY, tried("done"))


def test_a_kept_table_that_cannot_be_read(tmp_path):
    write(tmp_path, **tables(ANSWERS))
    for content, words in {"": "cannot be read", "src,tgt\n": "lacks predicted, probability, template"}.items():
        (tmp_path / STUDY.ships / "mistakes.csv").write_text(content)
        with pytest.raises(BadInput, match=rf"mistakes\.csv: {words}"):
            report.networks(tmp_path, STUDY, tried("done"))


@pytest.mark.parametrize(
    ("answers", "said"), [(ANSWERS, "4 answers to held-out rows are wrong."), (ANSWERS[:1], "<p>There are none.</p>")]
)
def test_on_the_page(answers, said, finished, tmp_path):
    """With mistakes and without any."""
    folder = tmp_path / "studies" / "calculator"
    write(folder, **tables(answers))
    columns = table.read(tmp_path / "none.csv", STUDY).columns
    tried("done").assign(rows=len(answers)).reindex(columns=columns).to_csv(folder.with_suffix(".csv"), index=False)
    lab = {name: finished / name for name in FOLDERS} | {"studies": tmp_path / "studies"}
    output = tmp_path / "index.html"
    done = stage("report", finished / "params.yaml", ROOT / "studies.yaml", *options(lab), "--page", output)
    assert done.returncode == 0, done.stderr
    page = output.read_text()
    section = page[page.index('<section id="whole"') :].partition("</section>")[0]
    assert "<strong>20.00 %</strong>" in section
    assert said in section
    assert "nan" not in section


def test_the_kept_weights_are_those_of_the_study(head, corpus):
    """They give the answers that are kept, and are as often right on rows of the corpus."""
    network = weights.load(head / "data" / "models" / "calculator.safetensors")
    table = table.read(head / "reports" / "studies" / "calculator.csv", STUDY)
    found = report.networks(head / "reports" / "studies" / "calculator", STUDY, table)[0][STUDY.ships]
    # The curve was measured in the training's precision, the row in float32
    assert network.history[-1]["valid_exact_match"] == pytest.approx(found.row["exact_match"], abs=0.005)
    for rows in (found.mistakes[:500], found.held_out[:500]):
        assert np.mean(answered(network, rows["src"]) == rows["predicted"]) > 0.99
    rows = pq.read_table(corpus).to_pandas().sample(3000, random_state=0)
    right = np.mean(answered(network, rows["src"]) == rows["tgt"].astype(str))
    assert right == pytest.approx(found.row["exact_match"], abs=0.02)


def answered(network, sources):
    decoded, _ = scores.decode(network.model, tokens.encode_sources(list(sources)), network.steps)
    return np.array([tokens.decode(ids) for ids in network.values(decoded).tolist()])
