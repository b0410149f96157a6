"""The page's calculator: the weights that the page holds, and where it has none. `make page-test` lets it calculate."""

import base64
import json
import re
import zlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import FOLDERS, ROOT, options, stage

from stages.common.messages import BadInput
from stages.network import weights
from stages.network.seq2seq import Seq2Seq
from stages.page import calculator, render
from stages.studies import design

SHIPS = design.read(ROOT / "studies.yaml")["calculator"].ships


@pytest.fixture
def path(tmp_path):
    """A small network in float16, where a study's folder has the one that ships."""
    path = tmp_path / "calculator" / SHIPS / "network.safetensors"
    path.parent.mkdir(parents=True)
    model = Seq2Seq("gru", 4, 6, 2, "attention").half()
    weights.save(path, weights.Trained("full-gru", model, 12, [{"train_loss": 1.0, "train_token_accuracy": 0.5}]))
    return path


def assert_unpacks_to(path, facts, text):
    """The tensors as page/unpack.js has them (all low bytes, then all high bytes) are those of the model file."""
    low, high = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(2, -1)
    numbers = (low.astype(np.uint16) + 256 * high.astype(np.uint16)).view(np.float16)
    ends = np.cumsum([int(np.prod(shape)) for _, shape in facts["tensors"]])
    assert ends[-1] == len(numbers)
    parts = np.split(numbers, ends[:-1])
    arrays = weights.read(path)[1]
    assert sorted(name for name, _ in facts["tensors"]) == sorted(arrays)
    for (name, shape), part in zip(facts["tensors"], parts, strict=True):
        assert np.array_equal(part.reshape(shape), arrays[name]), name


def facts_and_weights(page):
    """What the page's scripts read."""
    facts = re.search(r'<script type="application/json" id="facts">(.*?)</script>', page)[1]
    return json.loads(facts), re.search(r'<script type="text/plain" id="weights">(.*?)</script>', page)[1]


def test_the_page_has_the_weights_of_the_file(path):
    made = calculator.calculator(path, None)
    assert_unpacks_to(path, made.facts, made.weights)
    assert made.facts["shape"] == weights.load(path).model.shape
    assert (made.facts["operands"], made.facts["steps"]) == (12, 5)  # 11*11*11 = 1331, and <eos>
    assert made.facts["tokens"][made.facts["eos"]] == "<eos>"
    assert (made.facts["held_out"], made.facts["mistakes"]) == ([], [])
    weights.save(path, replace(weights.load(path), scratchpad="steps"))
    assert calculator.calculator(path, None).facts["steps"] == weights.load(path).steps > 50


def test_rows_to_pick_from_are_those_of_the_same_weights(path):
    rows, sha256 = pd.DataFrame({"src": ["1+2=", "4*5="]}), weights.read(path)[0]["sha256"]
    whole = SimpleNamespace(held_out=rows, mistakes=rows[1:], rounding={"sha256": sha256})
    facts = calculator.calculator(path, whole).facts
    assert (facts["held_out"], facts["mistakes"]) == (["1+2=", "4*5="], ["4*5="])
    whole.rounding["sha256"] = "0" * 64
    with pytest.raises(BadInput, match=r"network\.safetensors: not the weights that rounding\.json was computed from"):
        calculator.calculator(path, whole)


def test_a_damaged_file_is_one_line_and_no_file_is_no_calculator(path):
    with pytest.raises(BadInput, match="here: has weights that are too large for float16"):
        calculator.pack({"w": np.float32([1, 7e4])}, "here")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadInput, match=r"network\.safetensors: "):
        calculator.calculator(path, None)
    path.unlink()
    assert calculator.calculator(path, None) is None


def test_the_page_with_a_calculator_and_without(finished, path, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "PICTURES", dict.fromkeys(render.PICTURES, ()))  # they take seconds
    lab = {name: finished / name for name in FOLDERS} | {"studies": path.parents[2]}
    command = ["report", finished / "params.yaml", ROOT / "studies.yaml", *options(lab), "--page", tmp_path / "page"]
    done = stage(*command)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "page").read_text()
    assert_unpacks_to(path, *facts_and_weights(page))
    assert page.index('id="expression"') < page.index("<section")
    path.unlink()
    assert stage(*command).returncode == 0
    page = (tmp_path / "page").read_text()
    assert 'id="expression"' not in page
    assert "class Network" not in page


def test_the_committed_page_has_the_committed_weights(head):
    facts, packed = facts_and_weights((head / "reports" / "index.html").read_text())
    kept, path = head / "reports/studies/calculator" / SHIPS, head / "data/models/calculator.safetensors"
    assert_unpacks_to(path, facts, packed)
    assert path.read_bytes() == (kept / "network.safetensors").read_bytes()
    held_out, mistakes = (set(pd.read_csv(kept / f"{name}.csv")["src"]) for name in ("held_out", "mistakes"))
    assert set(facts["held_out"]) == held_out
    assert len(held_out) == len(facts["held_out"]) == 1000
    assert len(facts["mistakes"]) == min(len(mistakes), calculator.PICKED)
    assert set(facts["mistakes"]) <= mistakes
