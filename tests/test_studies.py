"""studies.yaml: what a good file becomes, and the one line that each bad one gets."""

from dataclasses import replace
from itertools import product

import pytest
from conftest import ROOT, stage
from ruamel.yaml import YAML

from stages import measures, params, settings, studies
from stages.command import BadInput

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
  keep: {cell: gru}
  by: [lr, name]
  show: [loss]
  rule:
    - {larger: loss, at: {lr: 0.01}, than_at: {lr: 0.001}}
asked:
  question: Who knows?
  kind: answers
  points:
    - {run: full-lstm, dataset: [full, single_digit], part: valid, asked: inside, like: full/train}
    - {run: full-lstm, dataset: [full, single_digit], part: rest, asked: outside, like: none}
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
CONFIG = params.read(ROOT / "params.yaml")


def changed(tmp_path, old, new, text=GOOD):
    assert text.count(old) >= 1, "the test no longer fits its studies"
    path = tmp_path / "studies.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_a_good_file(tmp_path):
    found = studies.read(changed(tmp_path, "speed", "speed"))
    assert {name: entry.kind for name, entry in found.items()} == {
        "speed": "trainings",
        "asked": "answers",
        "shifted": "shift",
    }
    speed = found["speed"]
    assert (speed.run, speed.always, speed.reach, speed.longest) == ("full-lstm", {"epochs": 3}, 0.5, 15)
    assert [studies.label(point) for point in studies.points(speed)] == [
        "lr=0.01 seed=1",
        "lr=0.01 seed=2",
        "lr=0.001 seed=1",
        "lr=0.001 seed=2",
        "dataset=full cell=gru sample=all valid_share=0.2 grad_clip=none name=the GRU",
    ]
    assert found["shifted"].rule == [studies.Comparison(larger="auc", at={"of": "a"}, than=0.5)]


def test_every_committed_study_is_read_with_the_values_of_its_points_as_they_are_written():
    """A table's rows are found by their points' labels: 2 must not become 2.0."""
    found = studies.read(ROOT / "studies.yaml")
    for name, raw in YAML(typ="safe", pure=True).load(ROOT / "studies.yaml").items():
        combinations = [
            " ".join(f"{key}={value}" for key, value in zip(entry, values, strict=True))
            for entry in raw["points"]
            for values in product(*(value if isinstance(value, list) else [value] for value in entry.values()))
        ]
        assert [studies.label(point) for point in studies.points(found[name])] == combinations
        assert studies.find(ROOT / "studies.yaml", name, CONFIG) == found[name]
    assert len(found) == 20


LR = "{lr: [0.01, 0.001], seed: [1, 2]}"
ASKED = "part: valid, asked: inside, like: full/train"
POINT = "asked: points: run=full-lstm dataset=full "


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
        ("keep: {cell: gru}", "keep: {lr: 0.01}", "speed: keep: lr=0.01: must be one point (found 2)"),
        ("keep: {cell: gru}", "keep: gru", "speed.keep: must hold keys and values (found 'gru')"),
        # the rule
        ("larger: loss, ", "", "speed.rule.0.larger: missing"),
        ("at: {lr: 0.01}", "at: {lr: [0.01]}", "speed.rule.0.at.lr: must be a number or text (found [0.01])"),
        ("at: {lr: 0.01}", "at: {lr: 7}", "speed: lr=7: must be one point, apart from its seeds (found 0)"),
        ("than: 0.5", "than: true", "shifted.rule.0.than: must be a number (found true)"),
        ("than: 0.5", "", "shifted.rule.0: needs either than_at (a point) or than (a number)"),
        # trainings
        (LR, "{}", "speed.points.0: must have 1 or more entries (found keys and values)"),
        (LR, "3", "speed.points.0: must hold keys and values (found 3)"),
        (LR, "{lr: []}", "speed.points.0.lr: must be a value or a list of values (found [])"),
        (LR, "{lr: [[0.1]]}", "speed.points.0.lr: must be a number or text (found [[...]])"),
        (LR, "{lr: }", "speed.points.0.lr: must be a number or text (found nothing)"),
        (LR, "{lr: 2020-01-01}", "line 6: must be in quotes (found '2020-01-01', "),
        (
            LR,
            '{"l\\nr": 1}',
            "speed.points.0: a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-' ",
        ),
        (LR, "{lrr: 0.1}", "speed: points: lrr=0.1: lrr: unknown key"),
        (LR, "{corpus: 0.1}", "speed: points: corpus=0.1: corpus: unknown key"),
        (LR, "{lr: -1}", "speed: points: lr=-1: lr: must be greater than 0 (found -1)"),
        (LR, "{lr: [0.01, 7]}", "speed: points: lr=7: lr: must be at most 1 (found 7)"),
        (LR, "{lr: true}", "speed: points: lr=True: lr: must be a number (found true)"),
        (LR, "{lr: fast}", "speed: points: lr=fast: lr: must be a number (found 'fast')"),
        (LR, "{lr: .nan}", "speed.points.0.lr: must be a number or text (found nan)"),
        (LR, "{epochs: 2.5}", "speed: points: epochs=2.5: epochs: must be a whole number (found 2.5)"),
        (LR, "{cell: rnn}", "speed: points: cell=rnn: cell: must be 'lstm' or 'gru' (found 'rnn')"),
        (LR, "{sample: 1}", "speed: points: sample=1: sample: must be a number of rows, at least 2 "),
        (LR, "{valid_share: 1}", "speed: points: valid_share=1: valid_share: must be less than 1 (found 1)"),
        (LR, "{grad_clip: 0}", "speed: points: grad_clip=0: grad_clip: must be a number above 0, or none (found 0)"),
        (LR, "{dataset: a b}", "speed: points: dataset=a b: dataset: a name must be 1 to 100 letters, "),
        (LR, "{name: 3}", "speed: points: name=3: name: must be text; a number needs quotes (found 3)"),
        (LR, '{name: "a\\nb"}', "speed.points.0.name: must be 1 to 100 characters on one line (found 'a\\nb')"),
        (LR, "{name: " + "x" * 101 + "}", "speed.points.0.name: must be 1 to 100 characters on one line (found 'xxx"),
        ("always: {epochs: 3}", "always: {epoch: 3}", "speed: always: epoch: unknown key"),
        ("always: {epochs: 3}", "always: {epochs: 0}", "speed: always: epochs: must be at least 1 (found 0)"),
        ("always: {epochs: 3}", "always: {epochs: [3]}", "speed.always.epochs: must be a number or text (found [3])"),
        # a point twice
        ("seed: [1, 2]", "seed: [1, 1]", "speed: points: lr=0.01 seed=1: duplicate point; keep one"),
        (LR, f"{LR}\n    - {{seed: 2, lr: 1.0e-3}}", "speed: points: seed=2 lr=0.001: duplicate point; keep one"),
        (LR, "{name: a lr=1}\n    - {name: a, lr: 1}", "speed: points: name=a lr=1: duplicate point; keep one"),
        (
            "seed: [1, 2]",
            f"seed: {list(range(600))}",
            "speed: points: must be at most 1,000, counting all combinations",
        ),
        # answers and shift
        ("- {run: full-lstm, dataset: [full", "- {dataset: [full", "asked: points: dataset=full part=valid asked="),
        ("asked: inside", "asked: insid", f"{POINT}part=valid asked=insid like=full/train: asked: must be 'all', "),
        (
            "part: valid",
            "part: test",
            f"{POINT}part=test asked=inside like=full/train: part: must be 'train', 'valid' ",
        ),
        ("like: full/train", "like: full", f"{POINT}part=valid asked=inside like=full: like: must be DATASET/train, "),
        (ASKED, "lr: 1", f"{POINT}lr=1: lr: unknown key"),
        ("one: full/valid, ", "", "shifted: points: other=full/train of=template: one: missing"),
        ("other: full/train, ", "", "shifted: points: one=full/valid of=template: other: missing"),
        (", of: [template, a]", "", "shifted: points: one=full/valid other=full/train: of: missing"),
        ("one: full/valid", "one: full/x", "shifted: points: one=full/x other=full/train of=template: one: must be "),
        (
            "of: [template, a]",
            "of: b4",
            "shifted: points: one=full/valid other=full/train of=b4: of: must be 'template'",
        ),
    ],
)
def test_one_wrong_value_one_clear_line_when_the_file_is_read(tmp_path, old, new, said):
    path = changed(tmp_path, old, new)
    with pytest.raises(BadInput) as error:
        studies.read(path)
    message = str(error.value)
    assert message.startswith(f"{path}: {said}")
    assert len(message) < len(str(path)) + 300
    assert message.isprintable()


def test_a_missing_run_is_named(tmp_path):
    path = changed(tmp_path, "- {run: full-lstm, dataset: [full", "- {dataset: [full")
    with pytest.raises(BadInput, match=r"like=full/train: run: missing$"):
        studies.read(path)


def test_what_other_code_can_try_may_have_gone_from_params_yaml_but_other_keys_are_checked(tmp_path):
    code = GOOD.replace("reach: 0.5", "reach: 0.5\n  code: '95bc24d'")
    path = changed(tmp_path, "seed: [1, 2]", "seed: [1, 2], init: orthogonal", code)
    assert studies.points(studies.read(path)["speed"])[1] == {"lr": 0.01, "seed": 2, "init": "orthogonal"}
    for new, said in [
        ("seed: -1, init: x", "seed: must be at least 0 (found -1)"),
        ("init: [x, x]", "duplicate point"),
    ]:
        with pytest.raises(BadInput) as error:
            studies.read(changed(tmp_path, "seed: [1, 2]", new, code))
        assert said in str(error.value)


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
    path = changed(tmp_path, old, new)
    name = said.partition(":")[0]
    assert name in studies.read(path)  # and its results stay on the page
    done = stage("study", ROOT / "params.yaml", path, name, tmp_path, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"study: {path}: {said}")


def test_another_study_s_dataset_stops_no_study(tmp_path):
    path = changed(tmp_path, "one: full/", "one: ful/")
    assert studies.find(path, "speed", CONFIG).run == "full-lstm"
    fewer = replace(CONFIG, runs={"full-lstm": CONFIG.runs["full-lstm"]})
    assert studies.find(path, "speed", fewer).run == "full-lstm"


@pytest.mark.parametrize("text", ["", "null", "{}"])
def test_an_empty_file_has_no_study(tmp_path, text):
    path = changed(tmp_path, GOOD, text)
    with pytest.raises(BadInput) as error:
        studies.find(path, "speed", CONFIG)
    assert str(error.value) == f"{path}: no study 'speed'; there are none"


def test_every_kind_has_its_keys_and_measures():
    assert set(studies.KINDS) == set(settings.KEYS)
    assert all(measures.of(kind) for kind in studies.KINDS)
