"""studies.yaml: the studies that a good file holds, and the one line that each error gets."""

from dataclasses import replace
from itertools import product

import pytest
from conftest import ROOT, stage, study_of
from ruamel.yaml import YAML

from stages.common import params
from stages.common.messages import BadInput
from stages.studies import design
from tests.study_files import GOOD, write_changed

CONFIG = params.read(ROOT / "params.yaml")


def test_a_good_file(tmp_path):
    found = design.read(write_changed(tmp_path, "speed", "speed"))
    assert {name: entry.kind for name, entry in found.items()} == {
        "speed": "trainings",
        "asked": "answers",
        "shifted": "shift",
    }
    speed = found["speed"]
    assert (speed.run, speed.always, speed.reach, speed.longest) == ("full-lstm", {"epochs": 3}, 0.5, 15)
    assert [design.label(point) for point in design.points(speed)] == [
        "lr=0.01 seed=1",
        "lr=0.01 seed=2",
        "lr=0.001 seed=1",
        "lr=0.001 seed=2",
        "dataset=full cell=gru sample=all valid_share=0.2 grad_clip=none name=the GRU",
    ]
    assert found["shifted"].rule == [design.Comparison(larger="auc", at={"of": "a"}, than=0.5)]


def test_every_committed_study_is_read_with_the_values_of_its_points_as_they_are_written():
    """A table's rows are found by their points' labels: 2 must not become 2.0."""
    found = design.read(ROOT / "studies.yaml")
    for name, raw in YAML(typ="safe", pure=True).load(ROOT / "studies.yaml").items():
        combinations = [
            " ".join(f"{key}={value}" for key, value in zip(entry, values, strict=True))
            for entry in raw["points"]
            for values in product(*(value if isinstance(value, list) else [value] for value in entry.values()))
        ]
        assert [design.label(point) for point in design.points(found[name])] == combinations
        assert design.find(ROOT / "studies.yaml", name, CONFIG) == found[name]
    assert len(found) == 27


LR = "{lr: [0.01, 0.001], seed: [1, 2]}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # keys and values of the study itself
        (GOOD, "[]", "must hold keys and values, such as `lr: 0.001` (found [])"),
        ("speed:", "a/b:", "a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-' (found 'a/b')"),
        (
            "speed:",
            '"a\\nb":',
            "a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-' (found 'a\\nb')",
        ),
        (GOOD, "speed:", "speed: must hold keys and values (found nothing)"),
        (GOOD, "speed: 3", "speed: must hold keys and values (found 3)"),
        ("  question: Is it fast?\n", "", "speed.question: missing"),
        ("question: Is it fast?", "question: 3", "speed.question: must be text; a number needs quotes (found 3)"),
        ("question: Is it fast?", "question: x\n  colour: red", "speed.colour: unknown key"),
        ("kind: shift", "kind: shifts", "shifted.kind: must be 'trainings', 'answers' or 'shift' (found 'shifts')"),
        ("  run: full-lstm\n", "", "speed: run and reach: kind: trainings needs both"),
        ("reach: 0.5", "reach: true", "speed.reach: must be a number (found true)"),
        ("reach: 0.5", "reach: 0", "speed.reach: must be greater than 0 (found 0)"),
        ("reach: 0.5", "reach: .nan", "speed.reach: must be a finite number (found nan)"),
        ("reach: 0.5", "reach: .inf", "speed.reach: must be a finite number (found inf)"),
        ("reach: 0.5\n", "reach: 0.5\n  code: 1234567\n", "speed.code: must be text; a number needs quotes "),
        ("longest: 15", "longest: -1", "speed.longest: must be greater than 0 (found -1)"),
        ("by: [lr, name]", "by: lr", "speed.by: must be a list (found 'lr')"),
        ("by: [lr, name]", "by: []", "speed.by: must have 1 or more entries (found [])"),
        ("by: [lr, name]", "by: [lrr]", "speed: no key 'lrr'; there are cell, dataset, "),
        ("show: [loss]", "show: [los]", "speed: no measure 'los'; there are clipped, "),
        ("show: [loss]", "show: [{}]", "speed.show.0: must be text; a number needs quotes (found keys and values)"),
        ("best: {cell: gru}", "best: {lr: 0.01}", "speed: keep: best: lr=0.01: must be one point (found 2)"),
        ("best: {cell: gru}", "best: gru", "speed.keep.best: must hold keys and values (found 'gru')"),
        ("ships: best", "ships: gru", "speed: no kept point 'gru'; there are best"),
        # the rule
        ("larger: loss, ", "", "speed.rule.0.larger: missing"),
        ("at: {lr: 0.01}", "at: {lr: [0.01]}", "speed.rule.0.at.lr: must be a number or text (found [0.01])"),
        ("at: {lr: 0.01}", "at: {lr: 7}", "speed: lr=7: must be one point, apart from its seeds (found 0)"),
        ("than: 0.5", "than: true", "shifted.rule.0.than: must be a number (found true)"),
        ("than: 0.5", "", "shifted.rule.0: needs either than_at (a point) or than (a number)"),
        # a point twice
        ("seed: [1, 2]", "seed: [1, 1]", "speed: points: lr=0.01 seed=1: duplicate point; keep one"),
        (LR, f"{LR}\n    - {{seed: 2, lr: 1.0e-3}}", "speed: points: seed=2 lr=0.001: duplicate point; keep one"),
        (LR, "{name: a lr=1}\n    - {name: a, lr: 1}", "speed: points: name=a lr=1: duplicate point; keep one"),
        (
            "seed: [1, 2]",
            f"seed: {list(range(600))}",
            "speed: points: must be at most 1,000, counting all combinations",
        ),
    ],
)
def test_one_wrong_value_one_clear_line_when_the_file_is_read(tmp_path, old, new, said):
    path = write_changed(tmp_path, old, new)
    with pytest.raises(BadInput) as error:
        design.read(path)
    message = str(error.value)
    assert message.startswith(f"{path}: {said}")
    assert len(message) < len(str(path)) + 300
    assert message.isprintable()


ELSEWHERE = [
    ("run: full-lstm\n", "run: ful-lstm\n", "speed: run: params.yaml has no run 'ful-lstm', only full-lstm, "),
    ("dataset: full,", "dataset: ful,", "speed: dataset: params.yaml has no dataset 'ful', only single_digit, "),
    ("always: {", "always: {dataset: ful, ", "speed: dataset: params.yaml has no dataset 'ful', only single_digit, "),
    ("{run: full-lstm, ", "{run: ful-lstm, ", "asked: run: params.yaml has no run 'ful-lstm', only full-lstm, "),
    ("single_digit], part", "singl], part", "asked: dataset: params.yaml has no dataset 'singl', only single_digit, "),
    ("like: full/train", "like: ful/train", "asked: like: params.yaml has no dataset 'ful', only single_digit, "),
    ("one: full/", "one: ful/", "shifted: one: params.yaml has no dataset 'ful', only single_digit, "),
    ("other: full/", "other: ful/", "shifted: other: params.yaml has no dataset 'ful', only single_digit, "),
]


@pytest.mark.parametrize(("old", "new", "said"), ELSEWHERE)
def test_a_run_or_dataset_that_there_is_not_is_refused_before_the_study_begins(tmp_path, old, new, said):
    path = write_changed(tmp_path, old, new)
    name = said.partition(":")[0]
    assert name in design.read(path)  # and its results stay on the page
    done = stage("study", ROOT / "params.yaml", path, name, tmp_path, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"study: {path}: {said}")


def test_another_study_s_dataset_stops_no_study(tmp_path):
    path = write_changed(tmp_path, "one: full/", "one: ful/")
    assert design.find(path, "speed", CONFIG).run == "full-lstm"
    fewer = replace(CONFIG, runs={"full-lstm": CONFIG.runs["full-lstm"]})
    assert design.find(path, "speed", fewer).run == "full-lstm"


@pytest.mark.parametrize("text", ["", "null", "{}"])
def test_an_empty_file_has_no_study(tmp_path, text):
    path = write_changed(tmp_path, GOOD, text)
    with pytest.raises(BadInput) as error:
        design.find(path, "speed", CONFIG)
    assert str(error.value) == f"{path}: no study 'speed'; there are none"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"show": ["los"]}, "no measure 'los'"),
        ({"by": ["lrr"]}, "no key 'lrr'; there are epochs, lr, seed"),
        ({"kind": "answers"}, "run: only for kind: trainings"),
        ({"reach": None}, "trainings needs both"),
        (
            {"rule": [design.Comparison(larger="loss", at={"lr": 7}, than_at={"lr": 0.01})]},
            "lr=7: must be one point, apart from its seeds .found 0.",
        ),
        (
            {"rule": [design.Comparison(larger="loss", at={"seed": 1}, than_at={"lr": 0.01})]},
            "seed=1: must be one point, apart from its seeds .found 2.",
        ),
        ({"rule": [design.Comparison(larger="loss", at={"lr": 0.01}, than=1)]}, "only auc, whose error is known"),
        ({"run": None, "reach": None, "kind": "answers", "code": "1"}, "code: only for kind: trainings"),
        ({"keep": {"one": {"lr": 0.01}}}, "keep: one: lr=0.01: must be one point .found 2."),
        ({"ships": "one"}, "no kept point 'one'; there are none"),
        ({"run": None, "reach": None, "kind": "answers", "ships": "one"}, "ships: only for kind: trainings"),
    ],
)
def test_a_study_that_does_not_fit_together(changes, words):
    with pytest.raises(ValueError, match=words):
        study_of(**changes)


def test_a_comparison_needs_one_other_side():
    for sides in ({}, {"than_at": {"lr": 1}, "than": 1.0}):
        with pytest.raises(ValueError, match="needs either than_at"):
            design.Comparison(larger="loss", at={"lr": 0.01}, **sides)


def test_points_are_all_combinations():
    assert design.points(study_of()) == [
        {"lr": 0.01, "seed": 1},
        {"lr": 0.01, "seed": 2},
        {"lr": 0.001, "seed": 1},
        {"lr": 0.001, "seed": 2},
        {"epochs": 3},
    ]
    assert design.label({"lr": 0.01, "seed": 1}) == "lr=0.01 seed=1"


def test_the_committed_studies_change_what_there_is():
    known = {*vars(CONFIG), "dataset", "cell", "sample", "split", "name"}
    for name, entry in design.read(ROOT / "studies.yaml").items():
        points = design.points(entry)
        keys = {key for point in points for key in point}
        assert entry.run is None or entry.run in CONFIG.runs, name
        assert entry.kind != "trainings" or entry.code or keys | set(entry.always) <= known, name
        assert {point["run"] for point in points if "run" in point} <= set(CONFIG.runs), name
