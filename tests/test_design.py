"""studies.yaml: the studies of a good file, and the one line that each error gets."""

import copy
from itertools import product

import hypothesis
import pytest
from conftest import ROOT, stage
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stages.common import params
from stages.common.messages import BadInput
from stages.studies import design, measures
from tests.study_files import GOOD, write_changed

CONFIG = params.read(ROOT / "params.yaml")


def test_a_good_file(tmp_path):
    studies = design.read(write_changed(tmp_path, "speed", "speed"))
    assert {name: study.kind for name, study in studies.items()} == {
        "speed": "trainings",
        "asked": "answers",
        "shifted": "shift",
    }
    speed = studies["speed"]
    assert (speed.run, speed.always, speed.reach, speed.longest) == ("full-lstm", {"epochs": 3}, 0.5, 15)
    assert [design.label(point) for point in design.points(speed)] == [
        "lr=0.01 seed=1",
        "lr=0.01 seed=2",
        "lr=0.001 seed=1",
        "lr=0.001 seed=2",
        "dataset=full cell=gru sample=all valid_share=0.2 grad_clip=none name=the GRU",
    ]
    assert studies["shifted"].rule == [design.Comparison(larger="auc", at={"of": "a"}, than=0.5)]
    with pytest.raises(BadInput, match=r"studies\.yaml: no study 'x'; there are speed, asked, shifted$"):
        design.find(tmp_path / "studies.yaml", "x", CONFIG)
    assert all(measures.of(kind) for kind in design.KEYS)


def test_the_committed_studies_have_the_values_as_they_are_written(monkeypatch):
    """A table's rows are found by their points' labels: 2 must not become 2.0."""
    studies = design.read(ROOT / "studies.yaml")
    raw = YAML(typ="safe", pure=True).load(ROOT / "studies.yaml")
    assert set(studies) == set(raw)
    monkeypatch.setattr(design, "read", lambda path: studies)  # once is enough: it takes half a second
    for name, written in raw.items():
        labels = [
            " ".join(f"{key}={value}" for key, value in zip(entry, values, strict=True))
            for entry in written["points"]
            for values in product(*(value if isinstance(value, list) else [value] for value in entry.values()))
        ]
        assert [design.label(point) for point in design.points(studies[name])] == labels
        assert design.find(ROOT / "studies.yaml", name, CONFIG) == studies[name]


LR = "{lr: [0.01, 0.001], seed: [1, 2]}"
NAMES = "a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-' "
POINT = "asked: points: run=full-lstm dataset=full part="


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # the study itself
        (GOOD, "[]", "must hold keys and values, such as `lr: 0.001` (found [])"),
        ("  question: Is it fast?\n", "", "speed.question: missing"),
        ("question: Is it fast?", "question: x\n  colour: red", "speed.colour: unknown key"),
        ("kind: shift", "kind: shifts", "shifted.kind: must be 'trainings', 'answers' or 'shift' (found 'shifts')"),
        ("kind: shift", "kind: shift\n  ships: x", "shifted: ships: only for kind: trainings"),
        ("  run: full-lstm\n", "", "speed: run and reach: kind: trainings needs both"),
        ("reach: 0.5", "reach: 0", "speed.reach: must be greater than 0 (found 0)"),
        ("reach: 0.5", "reach: .nan", "speed.reach: must be a finite number (found nan)"),
        ("by: [lr, name]", "by: []", "speed.by: List should have at least 1 item after validation, not 0 (found [])"),
        ("by: [lr, name]", "by: [lrr]", "speed: no key 'lrr'; there are cell, dataset, "),
        ("best: {cell: gru}", "best: {lr: 0.01}", "speed: keep: best: lr=0.01: must be one point (found 2)"),
        ("ships: best", "ships: gru", "speed: no kept point 'gru'; there are best"),
        # the rule
        ("larger: loss, ", "", "speed.rule.0.larger: missing"),
        ("at: {lr: 0.01}", "at: {lr: 7}", "speed: lr=7: must be one point, apart from its seeds (found 0)"),
        ("at: {lr: 0.01}", "at: {seed: 1}", "speed: seed=1: must be one point, apart from its seeds (found 2)"),
        ("than: 0.5", "", "shifted.rule.0: needs either than_at (a point) or than (a number)"),
        ("than_at: {lr: 0.001}", "than: 0.5", "speed.rule.0: than: only auc, whose error is known, can be compared "),
        # a point twice
        ("seed: [1, 2]", "seed: [1, 1]", "speed: points: lr=0.01 seed=1: duplicate point; keep one"),
        (LR, "{name: a lr=1}\n    - {name: a, lr: 1}", "speed: points: name=a lr=1: duplicate point; keep one"),
        # points of trainings
        (LR, "{}", "speed.points.0: Dictionary should have at least 1 item after validation, not 0"),
        (LR, "{lr: []}", "speed.points.0.lr: must be a value or a list of values (found [])"),
        (LR, "{lr: [[0.1]]}", "speed.points.0.lr: must be a number or text (found [[0.1]])"),
        (LR, '{"l\\nr": 1}', f"speed.points.0: {NAMES}"),
        (LR, "{lrr: 0.1}", "speed: points: lrr=0.1: lrr: unknown key"),
        (LR, "{name: 3}", "speed: points: name=3: name: must be text; a number needs quotes (found 3)"),
        ("always: {epochs: 3}", "always: {epoch: 3}", "speed: always: epoch: unknown key"),
        # points of answers and of shift
        ("- {run: full-lstm, dataset: [full", "- {dataset: [full", "asked: points: dataset=full part=valid asked="),
        ("asked: inside", "asked: insid", f"{POINT}valid asked=insid like=full/train: asked: must be 'all', "),
        ("part: valid", "part: test", f"{POINT}test asked=inside like=full/train: part: must be 'train', 'valid' "),
        ("like: full/train", "like: full", f"{POINT}valid asked=inside like=full: like: must be DATASET/train, "),
        ("one: full/valid, ", "", "shifted: points: other=full/train of=template: one: missing"),
        ("[template, a]", "b4", "shifted: points: one=full/valid other=full/train of=b4: of: must be 'template'"),
    ],
)
def test_each_wrong_value_is_one_clear_line(tmp_path, old, new, said):
    path = write_changed(tmp_path, old, new)
    with pytest.raises(BadInput) as error:
        design.read(path)
    message = str(error.value)
    assert message.startswith(f"{path}: {said}")
    assert len(message) < len(str(path)) + 300
    assert message.isprintable()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("run: full-lstm\n", "run: ful-lstm\n", "speed: run: params.yaml has no run 'ful-lstm', only full-lstm, "),
        ("{run: full-lstm, ", "{run: ful-lstm, ", "asked: run: params.yaml has no run 'ful-lstm', only full-lstm, "),
        ("like: full/train", "like: ful/train", "asked: like: params.yaml has no dataset 'ful', only single_digit, "),
        ("one: full/", "one: ful/", "shifted: one: params.yaml has no dataset 'ful', only single_digit, "),
    ],
)
def test_an_unknown_run_or_dataset_is_refused_before_the_study_begins(tmp_path, old, new, said):
    path = write_changed(tmp_path, old, new)
    name = said.partition(":")[0]
    assert name in design.read(path)  # and its results stay on the page
    done = stage("study", ROOT / "params.yaml", path, name, "--data", tmp_path, "--reports", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"study: {path}: {said}")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["lr", "gru"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["lr", "seed", "at", "x"]), inner),
    max_leaves=6,
)
STUDIES = YAML(typ="safe", pure=True).load(GOOD)


@hypothesis.settings(max_examples=200)
@hypothesis.given(data=st.data())
def test_any_value_anywhere_is_a_study_or_one_line(tmp_path_factory, data):
    """One value of the good file, at any depth, is replaced."""
    name = data.draw(st.sampled_from(list(STUDIES)))
    studies = {name: copy.deepcopy(STUDIES[name])}
    inner = studies[name]
    while True:
        key = data.draw(st.sampled_from(list(inner) if isinstance(inner, dict) else range(len(inner))))
        if not inner[key] or not isinstance(inner[key], dict | list) or data.draw(st.booleans()):
            break
        inner = inner[key]
    inner[key] = data.draw(VALUES)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    YAML(typ="safe", pure=True).dump(studies, path)
    try:
        study = design.read(path)[name]
    except BadInput as error:
        message = str(error)
    else:
        labels = [design.label(point) for point in design.points(study)]
        assert len(set(labels)) == len(labels) > 0
        assert set(study.show) <= set(measures.of(study.kind))
        return
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
