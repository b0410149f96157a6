"""`make fuzz` in small: dozens of inputs of each kind pass, and inputs fail if one check is switched off."""

import os
import random
from unittest import mock

import pyarrow.parquet as pq
import pytest
from pydantic import StrictFloat
from pydantic.dataclasses import dataclass

from stages import columns, grammar, model_file, params, seal, studies
from stages.command import BadInput
from stages.external import rows as external
from stages.network import weights
from stages.page import inputs
from tests.fuzz import expressions, kinds, mutations
from tests.fuzz.page import page
from tests.fuzz.trial import Input, Outcome, tried
from tests.markdown_tables import cells

OURS, OTHERS, RESULTS = "tables of ours", "tables of others", "what `report` reads"


def problems(kind: str, count: int) -> list[str]:
    return [one.problem for one in kinds.run(kind, 0, count) if one.problem]


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_inputs_of_each_kind_are_refused_or_confirmed(kind):
    outcomes = kinds.run(kind, 0, 40)
    assert [one.problem for one in outcomes if one.problem] == []
    refused = [one.refusal is not None for one in outcomes]
    assert any(refused)
    assert not all(refused)


def test_there_are_ten_thousand_inputs_and_they_are_reproducible():
    assert sum(count for _, count in kinds.KINDS.values()) >= 10_000
    one, other = ([(one.how, one.refusal) for one in kinds.run("params.yaml", 5, 15)] for _ in range(2))
    assert one == other
    assert other[5:] == [(one.how, one.refusal) for one in kinds.run("params.yaml", 10, 15)]


def test_damaged_tables_are_detected_by_two_checksums(monkeypatch):
    known = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda *given, **options: known(*given, **_without_checksums(options)))
    assert problems(OURS, 200) == []  # the checksum of the whole file detects all damage
    monkeypatch.setattr(seal, "broken", lambda path: False)
    assert any(one.startswith("other values in") for one in problems(OURS, 200))


def _without_checksums(options: dict) -> dict:
    return {name: value for name, value in options.items() if name != "page_checksum_verification"}


def test_a_damaged_model_is_detected_by_its_digest(monkeypatch):
    known = weights.load

    def load(path):
        with mock.patch.object(model_file, "digest", return_value=mock.ANY):
            return known(path)

    monkeypatch.setattr(weights, "load", load)
    assert "other weights" in problems("models", 60)


def test_a_column_without_its_range_is_detected(monkeypatch):
    for name in ("exact_match", "token_accuracy", "position_accuracy", "train_token_accuracy"):
        monkeypatch.setitem(inputs.METRICS, name, columns.ENDLESS)
    assert "exact_match: 2 for 2" in problems(RESULTS, 200)


def test_a_hyper_parameter_without_its_range_is_detected(monkeypatch):
    @dataclass(frozen=True, kw_only=True, config=params.CHECKED)
    class Run(params.Run):
        lr: StrictFloat

    @dataclass(frozen=True, kw_only=True, config=params.CHECKED)
    class Loose(params.Params):
        lr: StrictFloat
        runs: dict[params.Name, Run]

    monkeypatch.setattr(params, "Params", Loose)
    found = problems("params.yaml", 120)
    assert "out of range: .lr: -1" in found
    assert "out of range: runs.single_digit-gru.lr: -1" in found
    assert all(".lr: " in one for one in found)


def test_a_study_with_unknown_names_is_detected(monkeypatch):
    monkeypatch.setattr(studies, "_known", lambda *_: None)
    assert "an unknown measure or key" in problems("studies.yaml", 600)  # about 1 in 90 inputs of the committed studies


def test_wrong_answers_in_tables_of_others_are_detected(monkeypatch):
    monkeypatch.setattr(external, "number", lambda text: mock.ANY)
    assert any("instead of" in one for one in problems(OTHERS, 150))


def test_expressions_that_are_too_long_are_detected(monkeypatch):
    monkeypatch.setattr(grammar, "LONGEST", 10**6)
    assert any("is None, not" in one for one in problems("expressions", 100))


def _refusing(message: str) -> None:
    raise BadInput(message)


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: _refusing("x" * 500), "506 characters"),
        (lambda: _refusing(" "), "says nothing"),
        (lambda: _refusing("Traceback (most recent call last)"), "a traceback"),
        (lambda: print("hello"), "printed 'hello"),
        (lambda: exec("raise SystemExit(0)"), "says nothing"),
        (lambda: 5, "not 4"),
    ],
)
def test_every_broken_promise_is_a_problem(read, problem):
    assert tried(Input("?", read, lambda value: "not 4" if value != 4 else ""), "folder").problem.startswith(problem)


def test_an_input_may_be_refused_or_confirmed_but_not_be_slow(monkeypatch):
    good = Input("?", lambda: 4, lambda value: "not 4" if value != 4 else "")
    assert tried(good, "folder").problem == ""
    refused = tried(Input("?", lambda: _refusing(f"folder{os.sep}a: wrong"), str), "folder")
    assert (refused.problem, refused.refusal) == ("", "fuzz: a: wrong")
    monkeypatch.setattr("tests.fuzz.trial.SLOWEST", -1)
    assert tried(good, "folder").problem.startswith("took ")


@pytest.mark.parametrize(
    ("text", "value"),
    [("12*(3+4)=", 84), ("007-08", -1), ("((5))", 5), ("2-3-4", -5), ("2+3*4", 14), (" 12\n* (3\t+4) = ", 84)]
    + [
        (text, None)
        for text in ("", "=", "-1", "2+-3", "2**3", "2//1", "3(4)", "()", "1_0", "0x1", "1.5", "1 2", "1==")
    ],
)
def test_the_independent_reader_of_expressions_by_hand(text, value):
    assert expressions.value(text) == value


def test_damage_to_bytes_by_hand():
    rng = random.Random(1)
    content = bytes(range(100))
    assert sum((a ^ b).bit_count() for a, b in zip(content, mutations.flipped(rng, content), strict=True)) == 1
    assert content.startswith(mutations.cut(rng, content))
    assert content.endswith(mutations.beheaded(rng, content))
    assert sorted(mutations.swapped(rng, content)) == list(content)
    assert mutations.described([]) == "as it is"


def test_the_page_counts_and_names_failures():
    outcomes = {
        "params.yaml": [Outcome("flipped", 1.4, "fuzz: params.yaml: `lr`: no\x1b", ""), Outcome("cut", 7.6, None, "")],
        "models": [Outcome("cut, flipped", 2, None, "other weights")],
    }
    text = page(outcomes, "seed")
    assert "**2 of 3 inputs passed, 1 failed.**" in text
    rows = [cells(line) for line in text.splitlines() if line.startswith("|")]
    assert rows[2:] == [["params.yaml", "2", "1", "1", "0", "8"], ["models", "1", "0", "0", "1", "2"]]
    assert "- flipped: `fuzz: params.yaml: 'lr': no\\x1b`" in text
    assert "- cut, flipped: `other weights`" in text
