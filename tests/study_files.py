"""A good studies.yaml with a study of each kind, the file with one change, and trainings without new processes."""

import threading
from pathlib import Path

from conftest import stage

from stages.common.messages import BadInput
from stages.studies.trainings import Trainings

GOOD = """\
speed:
  question: Is it fast?
  run: full-lstm
  always: {epochs: 3}
  points:
    - {lr: [0.01, 0.001], seed: [1, 2]}
    - {dataset: full, cell: gru, sample: all, valid_share: 0.2, grad_clip: none, name: the GRU}
  reach: 0.5
  longest: 15
  keep:
    best: {cell: gru}
  ships: best
  by: [lr, name]
  show: [loss]
  rule:
    - {larger: loss, at: {lr: 0.01}, than_at: {lr: 0.001}}
asked:
  question: Who knows?
  kind: answers
  points:
    - {run: full-lstm, dataset: [full, single_digit], part: valid, asked: inside, like: full/train}
    - {run: full-lstm, seed: [42, 1], dataset: [full, single_digit], part: rest, asked: outside, like: none}
  by: [dataset, asked]
  show: [exact_match]
  rule:
    - {larger: exact_match, at: {dataset: full, asked: inside}, than_at: {dataset: full, asked: outside}}
shifted:
  question: Is it the same?
  kind: shift
  points:
    - {one: full/valid, other: full/train, of: [template, a]}
  by: [of]
  show: [p_value]
  rule:
    - {larger: auc, at: {of: a}, than: 0.5}
"""


def write_changed(folder: Path, old: str, new: str, text: str = GOOD) -> Path:
    """The path of studies.yaml with the first `old` replaced."""
    assert text.count(old) >= 1, "the test no longer fits its studies"
    path = folder / "studies.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def stages_in_this_process(monkeypatch) -> list[str]:
    """Run the stages of trainings in this process, one at a time; returns a list that gets the name of each."""
    names, alone = [], threading.Lock()

    def call(trainings, name, *words, shown=""):
        with alone:
            names.append(name)
            done = stage(name, *words)
        if done.returncode:
            raise BadInput(done.stderr.splitlines()[-1])

    monkeypatch.setattr(Trainings, "call", call)
    return names
