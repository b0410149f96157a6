"""The page's calculator: the weights that the page holds, and where it has none. `make page-test` lets it calculate."""

import base64
import json
import re
import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import FOLDERS, ROOT, options, stage

from stages import model_file
from stages.common.messages import BadInput
from stages.network import weights
from stages.network.seq2seq import Seq2Seq
from stages.page import calculator
from stages.page.whole import Whole
from stages.studies import design

SHIPS = design.read(ROOT / "studies.yaml")["calculator"].ships
ROWS = pd.DataFrame({"src": ["1+2=", "4*5="], "tgt": [3, 20], "predicted": ["3", "21"]})


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "calculator" / SHIPS
    folder.mkdir(parents=True)
    return network(folder / "network.safetensors")


def network(path, seed=1):
    torch.manual_seed(seed)
    model = Seq2Seq("gru", 4, 6, 2, "attention").half()
    weights.save(path, weights.Trained("full-gru", model, 12, [{"train_loss": 1.0, "train_token_accuracy": 0.5}]))
    return path


def whole(sha256):
    rounding = {"sha256": sha256, "rows": 2, "changed": 0, "exact_match": 0.5}
    return Whole("?", {}, pd.Series(), pd.DataFrame(), pd.DataFrame(), ROWS[1:], ROWS, pd.DataFrame(), rounding)


def unpacked(told, text):
    """The tensors as page/unpack.js has them: all low bytes, all high bytes."""
    low, high = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(2, -1)
    numbers = (low.astype(np.uint16) + 256 * high.astype(np.uint16)).view(np.float16)
    ends = np.cumsum([int(np.prod(shape)) for _, shape in told["tensors"]])
    assert ends[-1] == len(numbers)
    parts = np.split(numbers, ends[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(told["tensors"], parts, strict=True)}


def test_the_page_has_the_weights_of_the_file(path):
    made = calculator.calculator(path, None)
    content, arrays = model_file.read(path)
    found = unpacked(made.facts, made.weights)
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    assert made.facts["shape"] == content["shape"]
    assert (made.facts["operands"], made.facts["steps"]) == (12, 5)  # 11*11*11 = 1331, and <eos>
    assert made.facts["tokens"][made.facts["eos"]] == "<eos>"
    assert (made.facts["held_out"], made.facts["mistakes"]) == ([], [])


def test_a_network_with_a_scratchpad_may_write_more(path):
    trained = weights.load(path)
    weights.save(path, replace(trained, scratchpad="steps"))
    assert calculator.calculator(path, None).facts["steps"] == weights.load(path).steps > 77


def test_rows_to_pick_from(path):
    found = calculator.calculator(path, whole(model_file.read(path)[0]["sha256"]))
    assert (found.facts["held_out"], found.facts["mistakes"]) == (["1+2=", "4*5="], ["4*5="])


def test_rows_of_other_weights_are_refused(path):
    with pytest.raises(BadInput, match=r"network\.safetensors: not the weights that rounding\.json was computed from"):
        calculator.calculator(path, whole("0" * 64))


def test_no_file_is_no_calculator(tmp_path):
    assert calculator.calculator(tmp_path / "network.safetensors", None) is None


def test_weights_past_float16_are_refused():
    assert calculator.pack({"w": np.float32([65504])}, "here")
    with pytest.raises(BadInput, match="here: has weights that are too large for float16"):
        calculator.pack({"w": np.float32([1, 7e4])}, "here")


def page(finished, folder, studies):
    lab = {name: finished / name for name in FOLDERS} | {"studies": studies}
    out = folder / "index.html"
    done = stage("report", finished / "params.yaml", ROOT / "studies.yaml", *options(lab), "--page", out)
    assert (done.returncode, done.stderr) == (0, "")
    return out.read_text()


def test_on_the_page(finished, path, tmp_path):
    text = page(finished, tmp_path, tmp_path)
    told = json.loads(re.search(r'<script type="application/json" id="facts">(.*?)</script>', text)[1])
    packed = re.search(r'<script type="text/plain" id="weights">(.*?)</script>', text)[1]
    assert all(np.array_equal(one, two) for one, two in zip(*tensors(told, packed, path), strict=True))
    assert text.index('id="expression"') < text.index("<section")
    assert "<noscript>" in text


def tensors(told, packed, path):
    found, right = unpacked(told, packed), model_file.read(path)[1]
    return [[side[name] for name in sorted(right)] for side in (found, right)]


def test_the_page_does_without(finished, tmp_path):
    (tmp_path / "empty").mkdir()
    text = page(finished, tmp_path, tmp_path / "empty")
    assert 'id="expression"' not in text
    assert "class Network" not in text
    assert '<dl class="figures">' in text


def test_the_committed_page_has_the_committed_weights(head):
    text = (head / "reports" / "index.html").read_text()
    told = json.loads(re.search(r'id="facts">(.*?)</script>', text)[1])
    packed = re.search(r'id="weights">(.*?)</script>', text)[1]
    path = head / "data" / "models" / "calculator.safetensors"
    assert all(np.array_equal(one, two) for one, two in zip(*tensors(told, packed, path), strict=True))
    assert path.read_bytes() == (head / "reports/studies/calculator" / SHIPS / "network.safetensors").read_bytes()
    held_out, mistakes = (
        set(pd.read_csv(head / "reports/studies/calculator" / SHIPS / f"{name}.csv")["src"])
        for name in ("held_out", "mistakes")
    )
    assert len(told["held_out"]) == 1000
    assert set(told["held_out"]) == held_out
    assert len(told["mistakes"]) == min(len(mistakes), calculator.PICKED)
    assert set(told["mistakes"]) <= mistakes
