"""The page's calculator in a real browser: it answers 300 expressions as `predict` does with the same weights.

`make page-test` runs this, and prints how long an answer takes from the keystroke on.
"""

import base64
import json
import random
import re
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import KEPT, PAGE, ROOT, listen

from stages.arithmetic import grammar, twins, work
from stages.common.messages import BadInput
from stages.network import scores, tokens, weights
from stages.network.seq2seq import DECODERS, Seq2Seq
from tests.browser.calculator_page import ASK, facts_and_weights, small_page

SMALL = [(cell, decoder, "none") for cell in ("lstm", "gru") for decoder in DECODERS]
ASKS = [(cell, "pointer", "questions") for cell in ("lstm", "gru")]
MALFORMED = ["12+", "(3", "3)", "4 5", "x", "7//2", "2**3", "-1", "()", "1+2=3", "'", "\\", "a\tb", "é", "😀+1", "="]
FOREIGN = ["50+1", "007*2", "7", "1+2+3+4", "((1+2))*3", "(1+2)+3", "12345*6789", "9*9*9*9*9*9", " 12 * ( 3 + 4 ) "]


def expressions() -> list[str]:
    """300 of every kind: half are like the corpus, some are held out, and the others are what a person may try."""
    chance, made = random.Random(1), []
    for number in range(150):
        template = grammar.TEMPLATES[number % 24]
        made.append(re.sub("[abc]", lambda _: str(chance.randrange(50)), template))
    made += pd.read_csv(KEPT / "held_out.csv")["src"].str.removesuffix("=").tolist()[:100]
    made += FOREIGN + MALFORMED + ["3\u200b+4", "1" * 200, "1" * 201]
    while len(made) < 300:
        made.append("".join(chance.choice("0123456789+-*()= ") for _ in range(chance.randrange(1, 30))))
    return made


def model_of(text: str, path) -> weights.Trained:
    """The page's weights as a model file, read again as `predict` does."""
    content, packed = facts_and_weights(text)
    facts = json.loads(content)
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8).reshape(2, -1)
    numbers = torch.from_numpy(np.ascontiguousarray(planes.T).view(np.float16).ravel().copy())
    parts = numbers.split([int(np.prod(shape)) for _, shape in facts["tensors"]])
    model = Seq2Seq(**facts["shape"])
    named = zip(facts["tensors"], parts, strict=True)
    model.load_state_dict({name: part.reshape(shape) for (name, shape), part in named})
    history = [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
    weights.save(path, weights.Trained("full-gru", model.half(), facts["operands"], history, facts["scratchpad"]))
    return weights.load(path)


def answers_of_page(browser, path, texts: list[str]) -> list[dict]:
    """What the page says of each expression, and how long it took."""
    page = listen(browser.new_page())
    page.goto(path.as_uri())
    found = page.evaluate(ASK, ["1+1", *texts])[1:]  # the first one unpacks the weights
    assert page.said == []
    page.close()
    return found


def error_of(text: str) -> str | None:
    try:
        grammar.value(text)
    except BadInput as error:
        return str(error)


def assert_agrees(found: list[dict], texts: list[str], trained: weights.Trained, path) -> None:
    """The page says what `predict` prints, with the network's probabilities."""
    command = [sys.executable, "-m", "stages.predict", "--models", str(path.parent), "--run", path.stem]
    answered = 0
    for text, one in zip(texts, found, strict=True):
        if message := error_of(text):
            assert (one["said"], one["note"]) == ("", message)
            continue
        true = grammar.value(text)
        source = grammar.without_blanks(text).removesuffix("=") + "="
        words, shown = one["said"].rsplit(" ", 1)
        if trained.scratchpad == "questions":
            own = scores.ask(trained, [source[:-1]])[source[:-1]]
            # Why there is no answer depends on the order in which questions are asked
            written = own.value or re.search(r"= (\(.*?\)) ✗", words)[1]
            mistake, right, probability = None, own.value == str(true), torch.tensor(own.probability)
            assert own.value or own.fault
        else:
            ids, probability = scores.decode(trained, tokens.encode_sources([source]))
            written = tokens.decode(ids[0].tolist())
            *steps, answer = written.split("=") if trained.scratchpad != "none" else [written]
            right = answer == str(true) and tokens.EOS in ids[0]
            mistake = work.wrong(source[:-1], written) if steps else None
        verdict = "✓ right" if right else f"✗ wrong: it is {true}"
        assert words == f"{source} {written} {verdict}{f' ({mistake})' if mistake else ''} with probability", text
        assert float(shown) == pytest.approx(probability.item(), abs=1e-3)
        reason = twins.unseen(text, trained.operands)
        assert one["note"] == (f"warning: the network never saw {reason}" if reason else "")
        answered += 1
    assert answered > 250
    done = subprocess.run([*command, *texts[:24]], cwd=ROOT, capture_output=True, text=True, timeout=120)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("    ")]
    for line, one in zip(lines, found[:24], strict=True):
        source, answer, true, verdict, probability = re.match(
            r"(\S+) +answer (\S*) +true (\S+) +(right|wrong) +probability (\S+)", line
        ).groups()
        shown = re.search("  work (.*?)(  |$)", line)
        if answer == "none":
            continue
        assert one["said"].startswith(f"{source} {shown[1] if shown else answer} ")
        assert verdict in one["said"]
        assert verdict == "right" or f"it is {true} " in one["said"]
        assert float(one["said"].rsplit(" ", 1)[1]) == pytest.approx(float(probability), abs=0.0051)


def test_the_committed_network(browser, page_text, tmp_path, capsys):
    texts = expressions()
    assert len(texts) == 300
    found = answers_of_page(browser, PAGE, texts)
    path = tmp_path / "page.safetensors"
    assert_agrees(found, texts, model_of(page_text, path), path)
    took = pd.Series([one["took"] for one in found])
    with capsys.disabled():
        print(
            f"\nfrom keystroke to answer, {len(took)} expressions: median {took.median():.1f} ms, "
            f"95th percentile {took.quantile(0.95):.1f} ms"
        )
    assert took.quantile(0.95) < 50


@pytest.mark.parametrize(("cell", "decoder", "scratchpad"), [*SMALL, ("gru", "attention", "steps"), *ASKS])
def test_every_cell_and_decoder_and_a_network_that_shows_its_work(
    cell, decoder, scratchpad, browser, page_text, tmp_path
):
    texts = expressions()
    page = small_page(page_text, cell, decoder, tmp_path, scratchpad)
    found = answers_of_page(browser, page, texts)
    if scratchpad == "steps":
        assert sum(" is missing)" in answer["said"] for answer in found) > 100
        assert sum(" is wrong)" in answer["said"] for answer in found) > 2
    path = tmp_path / "page.safetensors"
    assert_agrees(found, texts, model_of(page.read_text(encoding="utf-8"), path), path)
