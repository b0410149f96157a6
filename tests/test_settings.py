"""The settings of a study's points: the keys and values that each kind of study accepts."""

import pytest

from stages.common.messages import BadInput
from stages.studies import design, measures
from tests.study_files import GOOD, write_changed

LR = "{lr: [0.01, 0.001], seed: [1, 2]}"
ASKED = "part: valid, asked: inside, like: full/train"
POINT = "asked: points: run=full-lstm dataset=full "


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
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
        (LR, "{cell: perceptron}", "speed: points: cell=perceptron: cell: must be 'lstm'"),
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
        # answers and shift
        ("- {run: full-lstm, dataset: [full", "- {dataset: [full", "asked: points: dataset=full part=valid asked="),
        ("asked: inside", "asked: insid", f"{POINT}part=valid asked=insid like=full/train: asked: must be 'all', "),
        (
            "part: valid",
            "part: test",
            f"{POINT}part=test asked=inside like=full/train: part: must be 'train', 'valid' ",
        ),
        ("like: full/train", "like: full", f"{POINT}part=valid asked=inside like=full: like: must be DATASET/train, "),
        (
            "seed: [42, 1]",
            "seed: -1",
            "asked: points: run=full-lstm seed=-1 dataset=full part=rest asked=outside like=none: "
            "seed: must be at least 0 (found -1)",
        ),
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
    path = write_changed(tmp_path, old, new)
    with pytest.raises(BadInput) as error:
        design.read(path)
    message = str(error.value)
    assert message.startswith(f"{path}: {said}")
    assert len(message) < len(str(path)) + 300
    assert message.isprintable()


def test_a_missing_run_is_named(tmp_path):
    path = write_changed(tmp_path, "- {run: full-lstm, dataset: [full", "- {dataset: [full")
    with pytest.raises(BadInput, match=r"like=full/train: run: missing$"):
        design.read(path)


def test_what_other_code_can_try_may_have_gone_from_params_yaml_but_other_keys_are_checked(tmp_path):
    code = GOOD.replace("reach: 0.5", "reach: 0.5\n  code: '95bc24d'")
    path = write_changed(tmp_path, "seed: [1, 2]", "seed: [1, 2], init: orthogonal, cell: rnn", code)
    removed = {"init": "orthogonal", "cell": "rnn"}
    assert design.points(design.read(path)["speed"])[1] == {"lr": 0.01, "seed": 2} | removed
    for new, said in [
        ("seed: -1, init: x", "seed: must be at least 0 (found -1)"),
        ("init: [x, x]", "duplicate point"),
    ]:
        with pytest.raises(BadInput) as error:
            design.read(write_changed(tmp_path, "seed: [1, 2]", new, code))
        assert said in str(error.value)


def test_every_kind_has_its_keys_and_measures():
    assert set(design.KINDS) == set(design.KEYS)
    assert all(measures.of(kind) for kind in design.KINDS)
