"""What the page counts, marks and draws, against numbers that a person can work out."""

from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages import generate
from stages.arithmetic import twins
from stages.page import gallery, hardships, results
from stages.page.style import drawing, label_ends
from tests.hand_made import COUNTS

NUMBER = st.integers(0, 10**6)


def carries_on_paper(first, second):
    """Column by column, as in school."""
    carry, any_carry = 0, False
    while first or second:
        carry = (first % 10 + second % 10 + carry) // 10
        any_carry |= carry > 0
        first, second = first // 10, second // 10
    return any_carry


def borrows_on_paper(large, small):
    borrow, any_borrow = 0, False
    while small or borrow:
        borrow = int(large % 10 - borrow < small % 10)
        any_borrow |= borrow > 0
        large, small = large // 10, small // 10
    return any_borrow


@given(NUMBER, NUMBER)
def test_carries_and_borrows_are_those_on_paper(first, second):
    large, small = max(first, second), min(first, second)
    assert hardships.carries(np.array([first]), np.array([second]))[0] == carries_on_paper(first, second)
    assert hardships.carries(np.array([large - small]), np.array([small]))[0] == borrows_on_paper(large, small)


@pytest.mark.parametrize(
    ("src", "template", "carry", "borrow", "product"),
    [
        ("12+9=", "a+b", True, False, -1),
        ("7-12=", "a-b", False, True, -1),  # 12 - 7, the sign apart: 2 is less than 7
        ("5-7-8=", "a-b-c", True, False, -1),  # -2 and -8 are added
        ("38+(4*16)=", "a+(b*c)", True, False, 64),
        ("0*7+1=", "a*b+c", False, False, 0),
        ("9-2*30=", "a-b*c", False, True, 60),
        ("(3-9)*5=", "(a-b)*c", False, False, 30),
    ],
)
def test_hardships_by_hand(src, template, carry, borrow, product):
    row = pd.DataFrame({"src": [src], "template": [template]}, index=[5])
    assert hardships.hardships(row).loc[5].to_dict() == {"carry": carry, "borrow": borrow, "product": product}


def test_counts_are_those_of_every_row():
    rows = pa.Table.from_batches(generate.generate(12)).to_pylist()
    counts = results.count(generate.generate(12), train=7)
    assert counts.rows == len(rows)
    assert counts.templates.to_dict() == Counter(row["template"] for row in rows)
    assert counts.operands.to_dict() == Counter(row[x] for row in rows for x in "abc" if row[x] is not None)
    assert counts.lengths.to_dict() == Counter(len(row["src"].strip("=")) for row in rows)
    assert counts.answers.to_dict() == Counter(row["tgt"] for row in rows)
    assert counts.products == {row["src"] for row in rows if row["template"] == "a*b"}
    groups = Counter((*sorted(str(row[x]) for x in "abc"), row["tgt"]) for row in rows)
    assert counts.alike.to_dict() == {size: size * count for size, count in Counter(groups.values()).items()}


def test_the_share_of_rows_with_a_twin_in_a_random_split():
    """Six rows in groups of three: both others are held out too with probability 0.01. Two rows are alone."""
    assert COUNTS["single_digit"].with_twin(0.1) == pytest.approx(6 / 8 * 0.99)
    rows = pa.Table.from_batches(generate.generate(12))
    drawn, held_out = np.random.default_rng(1).permutation(len(rows)), len(rows) // 5
    measured = twins.twins(rows.take(drawn[:held_out]), rows.take(drawn[held_out:])).mean()
    assert results.count(rows.to_batches(), train=7).with_twin(0.2) == pytest.approx(measured, abs=0.01)


def answers(*rows):
    """The predictions of one run, from source, correct value, what was written, and template."""
    predicted = [written.split("=")[-1] for _, _, written, _ in rows]
    table = pd.DataFrame(rows, columns=["src", "tgt", "written", "template"])
    correct = table["tgt"].astype(str) == predicted
    return table.assign(run="full-lstm", predicted=predicted, correct=correct, probability=0.5)


@pytest.mark.parametrize(
    ("tgt", "predicted", "marked"),
    [
        (760, "720", [("7", True), ("2", False), ("0", True)]),
        (12, "1", [("1", True), ("·", False)]),
        (-5, "", [("·", False), ("·", False)]),
    ],
)
def test_wrong_characters_are_marked(tgt, predicted, marked):
    (shown,) = gallery.gallery(answers(("1+2=", tgt, predicted, "a+b")))
    assert (shown.marked, shown.work, shown.mistake) == (marked, "", "")


def test_work_is_shown_and_its_first_wrong_step_named():
    for written, mistake in (("47*33=141+1410=1551", ""), ("47*33=141+1400=1541", "47*33: 141+1400 is wrong")):
        (shown,) = gallery.gallery(answers(("47*(3+30)=", 1551, written, "a*(b+c)")))
        assert (shown.work, shown.mistake) == (written, mistake)
        assert "".join(char for char, _ in shown.marked) == written.split("=")[-1]


def test_the_gallery_has_correct_and_wrong_answers_to_every_template():
    rows = answers(*((f"{n}+0=", n + n % 2, str(n), template) for n in range(10) for template in ("a+b", "a-b")))
    kinds = Counter((shown.template, shown.correct) for shown in gallery.gallery(rows))
    assert kinds == {("a+b", True): 1, ("a+b", False): 2, ("a-b", True): 1, ("a-b", False): 2}
    assert sorted(shown.template for shown in gallery.examples(rows)) == ["a+b", "a-b"]


def test_labels_do_not_touch_and_stay_inside():
    _, axes = drawing("")
    axes.set_ylim(0, 1)
    label_ends(axes, {name: (25, y, "black") for name, y in {"a": 0.99, "b": 1.0, "c": 0.985, "d": 0.2}.items()})
    places = {text.get_text(): text.xy[1] for text in axes.texts}
    assert places["d"] < places["c"] < places["a"] < places["b"] <= 1 + 1e-9
    assert places["a"] - places["c"] == pytest.approx(places["b"] - places["a"])
    assert places["b"] - places["a"] > 0.05
