"""What a study keeps of a network: counts, mistakes, expressions beyond the corpus, and its weights in float16."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import EVALUATED, ROOT
from kept_rows import ANSWERS, BEYOND, HISTORY, ROUNDING, ROW, kept_tables, network

from stages import report
from stages.arithmetic import grammar
from stages.common import params
from stages.common.messages import BadInput
from stages.network import scores, tokens, weights
from stages.page import limits
from stages.studies import design, kept, table

STUDY = design.find(ROOT / "studies.yaml", "calculator", params.read(ROOT / "params.yaml"))


def test_kinds_and_mistakes_by_hand():
    assert kept.kinds(ANSWERS).to_dict("records") == [
        {"template": "a*b*c", "length": 3, "rows": 2, "right": 0},
        {"template": "a+b", "length": 1, "rows": 2, "right": 1},
        {"template": "a-b*c", "length": 3, "rows": 1, "right": 0},
    ]
    assert kept.mistakes(ANSWERS)["src"].tolist() == ["4+5=", "4*5*6=", "3-9*9=", "9*9*9="]


def test_expressions_beyond_the_corpus_are_of_their_kind_with_python_s_value(monkeypatch):
    monkeypatch.setattr(kept, "BEYOND", 300)
    rows = kept.beyond(50)
    # By kind: how many operands there may be, how many are 50 or more, and the largest
    kinds = {
        "1 operand from 50 to 99": ((2, 3), 1, 99),
        "2 operands from 50 to 99": ((2, 3), 2, 99),
        "3 operands from 50 to 99": ((3,), 3, 99),
        "four operands": ((4,), 0, 49),
        "six operands": ((6,), 0, 49),
        "operands from 100 to 999": ((2, 3), None, 999),
        "two operands from 1,000 to 9,999": ((2,), 2, 9999),
    }
    assert rows["kind"].value_counts(sort=False).to_dict() == dict.fromkeys(kinds, kept.BEYOND)
    for row in rows.itertuples():
        numbers = [int(number) for number in re.findall("[0-9]+", row.src)]
        operands, large, most = kinds[row.kind]
        assert len(numbers) in operands
        assert max(numbers) <= most
        assert sum(number >= 50 for number in numbers) == (len(numbers) if large is None else large)
        assert min(numbers) >= {999: 100, 9999: 1000}.get(most, 0)
        letters = iter("abcdef")
        assert re.sub("[0-9]+", lambda _: next(letters), row.src) == f"{row.template}="  # noqa: B023 - used at once
        assert eval(row.src.removesuffix("=")) == row.tgt
    assert set(rows["template"]) > set(grammar.TEMPLATES)
    assert rows.equals(kept.beyond(50))


def test_what_is_kept_of_a_network_that_ships(finished, tmp_path, monkeypatch):
    """Its weights are rounded to float16."""
    monkeypatch.setattr(kept, "BEYOND", 60)
    files = {name: finished / name / "small-gru.parquet" for name in EVALUATED}
    files |= {"model": finished / "models" / "small-gru.safetensors", "history": finished / "history" / "small-gru.csv"}
    files |= {part: finished / "samples" / "small" / f"{part}.parquet" for part in ("train", "valid", "test")}
    shipped = tmp_path / "shipped.safetensors"
    kept.keep(files, tmp_path / "own", shipped)
    assert shipped.read_bytes() == (tmp_path / "own" / "network.safetensors").read_bytes()
    state, exact = (weights.load(path).model.state_dict() for path in (shipped, files["model"]))
    assert all(state[name].equal(exact[name].half().float()) for name in exact)
    assert any(not state[name].equal(exact[name]) for name in exact)
    rounding = json.loads((tmp_path / "own" / "rounding.json").read_text())
    assert rounding["parameters"] == sum(weight.numel() for weight in exact.values())
    assert rounding["train_rows"] == pq.read_metadata(files["train"]).num_rows
    assert rounding["rows"] == pd.read_csv(tmp_path / "own" / "kinds.csv")["rows"].sum() == 6


def tried(status):
    (point,) = design.at(design.points(STUDY), STUDY.keep[STUDY.ships])
    return pd.DataFrame([{"point": design.label(point), "status": status, **ROW}])


def test_the_page_reads_what_was_kept(tmp_path):
    (folder := tmp_path / STUDY.ships).mkdir()
    made = kept_tables(ANSWERS) | {"history": HISTORY}
    for name, rows in made.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    (folder / "rounding.json").write_text(json.dumps(ROUNDING))
    (folder / "map.csv").write_text("operator,first,right\n*,0,01\n")
    networks, shipped = report.networks(tmp_path, STUDY, tried("done"))
    again = networks[STUDY.ships]
    assert (list(networks), shipped) == ([STUDY.ships], STUDY.ships)
    assert again.beyond.to_dict("list") == BEYOND.to_dict("list")
    assert again.mistakes["predicted"].tolist() == ["8", "130", "-7", ""]
    assert limits.common(again.mistakes).equals(limits.common(network().mistakes))
    assert (len(again.held_out), again.rounding) == (5, ROUNDING)
    assert again.map.to_dict("list") == {"operator": ["*"], "first": [0], "right": ["01"]}
    assert report.networks(tmp_path / "none", STUDY, tried("not measured: about 999 minutes")) == ({}, None)
    (folder / "mistakes.csv").write_text("")
    with pytest.raises(BadInput, match=r"mistakes\.csv: cannot be read .*; `git checkout .*` brings it back"):
        report.networks(tmp_path, STUDY, tried("done"))


def test_the_committed_weights_are_those_of_the_study(head, corpus):
    """They give the answers that are kept, and are as often right on rows of the corpus."""
    trained = weights.load(head / "data" / "models" / "calculator.safetensors")
    rows = table.read(head / "reports" / "studies" / "calculator.csv", STUDY)
    whole = report.networks(head / "reports" / "studies" / "calculator", STUDY, rows)[0][STUDY.ships]
    # The curve was measured in the training's precision, the row in float32
    assert trained.history[-1]["valid_exact_match"] == pytest.approx(whole.row["exact_match"], abs=0.005)
    for part in (whole.mistakes[:500], whole.held_out[:500]):
        assert np.mean(answered(trained, part["src"]) == part["predicted"]) > 0.99
    drawn = pq.read_table(corpus).to_pandas().sample(3000, random_state=0)
    right = np.mean(answered(trained, drawn["src"]) == drawn["tgt"].astype(str))
    assert right == pytest.approx(whole.row["exact_match"], abs=0.02)


def answered(trained, sources):
    decoded, _ = scores.decode(trained, tokens.encode_sources(list(sources)))
    return np.array([tokens.decode(ids) for ids in trained.values(decoded).tolist()])
