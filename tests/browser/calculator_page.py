"""The page's calculator: how to ask it, the data that its scripts read, and the page with a small network."""

import json
import re
from pathlib import Path

import torch

from stages.network import TOKENS, weights
from stages.network.seq2seq import Seq2Seq
from stages.page import calculator

# Enters each text at once and waits for its answer; times in milliseconds
ASK = """async (texts) => {
  const [input, output, note] = ["expression", "output", "note"].map((id) => document.getElementById(id));
  const answers = [];
  for (const text of texts) {
    const answered = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (output.getAttribute("aria-busy") === "true") return;
        observer.disconnect();
        done();
      });
      observer.observe(output, { attributes: true, attributeFilter: ["aria-busy"] });
    });
    const start = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input"));
    await answered;
    answers.push({ said: output.textContent, note: note.textContent, took: performance.now() - start });
  }
  return answers;
}"""


def facts_and_weights(text: str) -> list[str]:
    """What the page's scripts read: JSON, and the packed weights."""
    kinds = "application/json", "text/plain"
    return [re.search(rf'<script type="{kind}" id="\w+">(.*?)</script>', text)[1] for kind in kinds]


def small_page(text: str, cell: str, decoder: str, folder: Path, scratchpad: str = "none") -> Path:
    """The committed page with a random network, whose answers are all different; with a scratchpad, it likes '='."""
    torch.manual_seed(7)
    model = Seq2Seq(cell, 12, 20, 2, decoder)
    for weight in model.parameters():
        weight.data *= 2
    model.head[2].weight.data *= 20  # sure of itself, for a probability near nothing would agree with anything
    if scratchpad == "steps":
        model.head[2].bias.data[TOKENS.index("=")] += 5
    path = folder / "calculator.safetensors"
    history = [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
    weights.save(path, weights.Trained("x", model.half(), 50, history, scratchpad))
    made = calculator.calculator(path, None)
    old_facts, old_weights = facts_and_weights(text)
    facts = json.dumps(made.facts).replace("<", "\\u003c")
    page = folder / "index.html"
    page.write_text(text.replace(old_weights, made.weights).replace(old_facts, facts), encoding="utf-8")
    return page
