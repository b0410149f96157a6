"""The page's calculator in a real browser: what it says to 300 expressions is what `predict` says of the same weights.

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
from conftest import PAGE, ROOT, listen

from stages import grammar
from stages.command import BadInput
from stages.network import alphabet, scores, weights
from stages.network.seq2seq import Seq2Seq
from stages.page import calculator

SMALL = [(cell, decoder) for cell in ("lstm", "gru") for decoder in ("context", "feedback", "attention")]
MALFORMED = [
    "12+",
    "(3",
    "3)",
    "4 5",
    "x",
    "7//2",
    "2**3",
    "-1",
    "()",
    "1+2=3",
    "'",
    "\\",
    "a\tb",
    "é",
    "😀+1",
    "=",
    "3\u200b+4",
]
FOREIGN = [
    "50+1",
    "007*2",
    "7",
    "1+2+3+4",
    "((1+2))*3",
    "(1+2)+3",
    "12345*6789",
    "9*9*9*9*9*9",
    "1" * 200,
    " 12 * ( 3 + 4 ) ",
]

# Types each text at once, as `input` tells it, and waits for the answer; all times in milliseconds
ASK = """async (texts) => {
  const [input, output, note] = ["expression", "output", "note"].map((id) => document.getElementById(id));
  const told = [];
  for (const text of texts) {
    const answered = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (said.getAttribute("aria-busy") === "true") return;
        observer.disconnect();
        done();
      });
      observer.observe(said, { attributes: true, attributeFilter: ["aria-busy"] });
    });
    const start = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input"));
    await answered;
    told.push({ said: output.textContent, note: note.textContent, took: performance.now() - start });
  }
  return told;
}"""


def expressions() -> list[str]:
    """300, of every kind: half of them of the corpus, some held out, others that a person may try."""
    chance, made = random.Random(1), []
    for number in range(150):
        template = grammar.TEMPLATES[number % 24]
        made.append(re.sub("[abc]", lambda _: str(chance.randrange(50)), template))
    made += pd.read_csv(ROOT / "reports/studies/calculator/held_out.csv")["src"].str.removesuffix("=").tolist()[:100]
    made += FOREIGN + MALFORMED + ["1" * 201]
    while len(made) < 300:
        made.append("".join(chance.choice("0123456789+-*()= ") for _ in range(chance.randrange(1, 30))))
    return made


@pytest.fixture(scope="module")
def text():
    return PAGE.read_text(encoding="utf-8")


def told_by(text: str) -> tuple[dict, str]:
    told = re.search(r'<script type="application/json" id="facts">(.*?)</script>', text)[1]
    return json.loads(told), re.search(r'<script type="text/plain" id="weights">(.*?)</script>', text)[1]


def model_of(text: str, path) -> weights.Trained:
    """The page's weights as a model file, read again as `predict` does."""
    told, packed = told_by(text)
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8).reshape(2, -1)
    numbers = torch.from_numpy(np.ascontiguousarray(planes.T).view(np.float16).ravel().copy())
    parts = numbers.split([int(np.prod(shape)) for _, shape in told["tensors"]])
    model = Seq2Seq(**told["shape"])
    named = zip(told["tensors"], parts, strict=True)
    model.load_state_dict({name: part.reshape(shape) for (name, shape), part in named})
    history = [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
    weights.save(path, weights.Trained("full-gru", model.half(), told["operands"], history))
    return weights.load(path)


def small_page(text: str, cell: str, decoder: str, folder):
    """The committed page with another, random network, whose answers are all different."""
    torch.manual_seed(7)
    model = Seq2Seq(cell, 12, 20, 2, decoder)
    for weight in model.parameters():
        weight.data *= 2
    model.head[2].weight.data *= 20  # sure of itself, for a probability near nothing would agree with anything
    path = folder / "calculator.safetensors"
    weights.save(path, weights.Trained("x", model.half(), 50, [{"train_loss": 1.0, "train_token_accuracy": 0.5}]))
    made = calculator.calculator(path, None)
    old_told, old_weights = (re.search(rf'id="{name}">(.*?)</script>', text)[1] for name in ("facts", "weights"))
    content = json.dumps(made.facts).replace("<", "\\u003c")
    page = folder / "index.html"
    page.write_text(text.replace(old_weights, made.weights).replace(old_told, content), encoding="utf-8")
    return page


def asked(browser, path, texts) -> list[dict]:
    page = listen(browser.new_page())
    page.goto(path.as_uri())
    found = page.evaluate(ASK, ["1+1", *texts])[1:]  # the first one unpacks the weights
    assert page.said == []
    page.close()
    return found


def complaint(text: str) -> str | None:
    try:
        grammar.evaluate(text)
    except BadInput as error:
        return str(error)


def agrees(found: list[dict], texts: list[str], trained: weights.Trained, path) -> None:
    """With what `predict` prints, and with the probabilities behind it."""
    command = [sys.executable, "-m", "stages.predict", "--models", str(path.parent), "--run", path.stem]
    answered = 0
    for text, one in zip(texts, found, strict=True):
        if message := complaint(text):
            assert (one["said"], one["note"]) == ("", message)
            continue
        true = grammar.evaluate(text)
        source = grammar.without_blanks(text).removesuffix("=") + "="
        ids, probability = scores.decode(trained.model, alphabet.encode_sources([source]), trained.steps)
        answer = alphabet.decode(ids[0].tolist())
        right = answer == str(true) and alphabet.EOS in ids[0]
        verdict = "✓ right" if right else f"✗ wrong: it is {true}"
        words, told = one["said"].rsplit(" ", 1)
        assert words == f"{source} {answer} {verdict} with probability", text
        assert float(told) == pytest.approx(probability.item(), abs=1e-3)
        reason = grammar.unseen(text, trained.operands)
        assert one["note"] == (f"warning: the network never saw {reason}" if reason else "")
        answered += 1
    assert answered > 250
    done = subprocess.run([*command, *texts[:24]], cwd=ROOT, capture_output=True, text=True, timeout=120)
    for line, one in zip(done.stdout.splitlines(), found[:24], strict=True):
        source, answer, true, verdict, probability = re.match(
            r"(\S+) +answer (\S*) +true (\S+) +(right|wrong) +probability (\S+)", line
        ).groups()
        assert one["said"].startswith(f"{source} {answer} ")
        assert verdict in one["said"]
        assert verdict == "right" or f"it is {true} " in one["said"]
        assert float(one["said"].rsplit(" ", 1)[1]) == pytest.approx(float(probability), abs=0.0051)


def test_the_committed_network(browser, text, tmp_path, capsys):
    texts = expressions()
    assert len(texts) == 300
    found = asked(browser, PAGE, texts)
    agrees(found, texts, model_of(text, tmp_path / "page.safetensors"), tmp_path / "page.safetensors")
    took = pd.Series([one["took"] for one in found])
    with capsys.disabled():
        print(
            f"\nfrom keystroke to answer, {len(took)} expressions: median {took.median():.1f} ms, "
            f"95th percentile {took.quantile(0.95):.1f} ms"
        )
    assert took.quantile(0.95) < 50


@pytest.mark.parametrize(("cell", "decoder"), SMALL)
def test_every_cell_and_decoder(cell, decoder, browser, text, tmp_path):
    texts = expressions()
    page = small_page(text, cell, decoder, tmp_path)
    found = asked(browser, page, texts)
    agrees(
        found,
        texts,
        model_of(page.read_text(encoding="utf-8"), tmp_path / "page.safetensors"),
        tmp_path / "page.safetensors",
    )


def test_no_keystroke_is_blocked(browser):
    """197 characters at once, and a key in the midst of their answer: no task takes as long as a person can feel."""
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.evaluate(ASK, ["1+1"])
    page.evaluate(
        """() => {
          window.long = [];
          new PerformanceObserver((list) => long.push(...list.getEntries())).observe({ type: "longtask" });
        }"""
    )
    page.fill("#expression", "+".join(["48"] * 66))
    page.locator("#expression").press("Backspace")
    page.keyboard.type("+1")
    page.locator("#output strong").wait_for()
    assert page.input_value("#expression").endswith("48+4+1")
    assert page.locator("#output code").text_content().startswith(f"{page.input_value('#expression')}= ")
    tasks = page.evaluate("long.map((task) => task.duration)")
    assert tasks == []
    assert page.said == []
    page.close()


def test_by_keyboard_alone(browser):
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.keyboard.press("Tab")
    page.keyboard.type("6*7")
    page.locator("#output strong").wait_for()
    assert page.locator("#output").text_content().startswith("6*7= 42 ✓ right with probability ")
    rows = page.locator("#written tbody tr th").all_text_contents()
    assert rows == ["4", "2", "end"]
    looked = page.locator("#written tbody tr:first-child td.looked").all_text_contents()
    assert len(looked) == len("6*7=")
    assert sum(map(int, looked)) == pytest.approx(100, abs=2)
    assert page.locator("#written td.next").first.is_hidden()
    for pick in ("held_out", "mistakes"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        source = page.input_value("#expression") + "="
        page.wait_for_function(
            "source => document.querySelector('#output code').textContent.startsWith(source)", arg=source
        )
        rows = pd.read_csv(ROOT / f"reports/studies/calculator/{pick}.csv", dtype=str)
        assert source in set(rows["src"])
        assert pick == "held_out" or "✗ wrong: it is " in page.locator("#output").text_content()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    others = page.locator("#written td.next").first.text_content()
    assert page.locator("#written td.next").first.is_visible()
    assert re.fullmatch(r"(.|end|_) [0-9.]+ %, (.|end|_) [0-9.]+ %", others)
    assert page.said == []
    page.close()


def test_the_accessibility_tree(browser):
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.fill("#expression", "50+1")
    page.locator("#output strong").wait_for()
    tree = page.locator("#calculator").aria_snapshot()
    for line in (
        '- textbox "Ask it"',
        '- button "held-out example"',
        '- button "mistake"',
        '- checkbox "next two likeliest"',
        "- status:",
        '- columnheader "probability"',
        '- rowheader "end"',
        "warning: the network never saw an operand above 49",
    ):
        assert line in tree, tree
    page.close()


def test_no_mistakes_no_button_and_no_javascript_no_calculator(browser, text, tmp_path):
    page = browser.new_page()
    page.goto(small_page(text, "gru", "context", tmp_path).as_uri())
    assert page.get_by_role("button", name="mistake").count() == 0
    page.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(PAGE.as_uri())
    assert page.locator("noscript p").is_visible()
    assert page.locator("#expression").is_hidden()
    assert page.locator("#results table").first.is_visible()
    context.close()
