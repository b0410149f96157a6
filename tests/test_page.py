"""What the page counts, marks and judges, against numbers that a person can work out."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages import generate
from stages.arithmetic import twins
from stages.common import tables
from stages.page import arithmetic, certainty, datasets, gallery, results, tables
from stages.page.chance import difference, interval
from stages.page.style import LONGEST, drawing, label_ends, short
from tests.hand_made import COUNTS

NUMBER = st.integers(0, 10**6)


def carries_on_paper(one, two):
    """Column by column, as in school."""
    carry, any_carry = 0, False
    while one or two:
        carry = (one % 10 + two % 10 + carry) // 10
        any_carry |= carry > 0
        one, two = one // 10, two // 10
    return any_carry


def test_the_machines_of_the_timings():
    row = {"device": "cpu", "threads": 2, "processes": 1, "torch": "2.13.0", "seconds_per_epoch": 1.0}
    said = "cpu (AMD EPYC 9B14), 2 threads, PyTorch 2.13.0"
    assert tables.on(pd.DataFrame([row])) == "cpu, 2 threads, PyTorch 2.13.0"  # from before it was recorded
    assert tables.on(pd.DataFrame([row | {"processor": "AMD EPYC 9B14"}] * 2)) == said
    both = pd.DataFrame([row | {"processor": "AMD EPYC 9B14"}, row])
    assert tables.on(both) == f"{said}; cpu, 2 threads, PyTorch 2.13.0"
    ranks = pd.DataFrame([row | {"threads": 1, "processes": 2}])
    assert tables.on(ranks) == "cpu, 1 thread in each of 2 processes, PyTorch 2.13.0"


def borrows_on_paper(large, small):
    borrow, any_borrow = 0, False
    while small or borrow:
        borrow = int(large % 10 - borrow < small % 10)
        any_borrow |= borrow > 0
        large, small = large // 10, small // 10
    return any_borrow


@given(NUMBER, NUMBER)
def test_carries_and_borrows_are_those_on_paper(one, two):
    large, small = max(one, two), min(one, two)
    assert arithmetic.carries(np.array([one]), np.array([two]))[0] == carries_on_paper(one, two)
    assert arithmetic.carries(np.array([large - small]), np.array([small]))[0] == borrows_on_paper(large, small)


@pytest.mark.parametrize(
    ("src", "template", "carry", "borrow", "product"),
    [
        ("12+7=", "a+b", False, False, -1),
        ("12+9=", "a+b", True, False, -1),
        ("7-12=", "a-b", False, True, -1),  # 12 - 7, the sign apart: 2 is less than 7
        ("38-12=", "a-b", False, False, -1),
        ("32-18=", "a-b", False, True, -1),
        ("5-7-8=", "a-b-c", True, False, -1),  # -2 and -8 are added
        ("38+(4*16)=", "a+(b*c)", True, False, 64),
        ("0*7+1=", "a*b+c", False, False, 0),
        ("9-2*30=", "a-b*c", False, True, 60),
        ("2*3*4=", "a*b*c", False, False, 24),
        ("(3-9)*5=", "(a-b)*c", False, False, 30),
    ],
)
def test_hardships_by_hand(src, template, carry, borrow, product):
    row = pd.DataFrame({"src": [src], "template": [template]}, index=[5])
    found = arithmetic.hardships(row).loc[5]
    assert (found["carry"], found["borrow"], found["product"]) == (carry, borrow, product)


def test_counts_are_those_of_every_row():
    rows = pa.Table.from_batches(generate.generate(12)).to_pylist()
    found = results.count(generate.generate(12), train=7)
    assert (found.rows, found.train) == (len(rows), 7)
    assert found.templates.to_dict() == Counter(row["template"] for row in rows)
    assert found.operands.to_dict() == Counter(row[x] for row in rows for x in "abc" if row[x] is not None)
    assert found.lengths.to_dict() == Counter(len(row["src"].strip("=")) for row in rows)
    assert found.answers.to_dict() == Counter(row["tgt"] for row in rows)
    assert found.products == {row["src"] for row in rows if row["template"] == "a*b"}
    groups = Counter((*sorted(str(row[x]) for x in "abc"), row["tgt"]) for row in rows)
    sizes = Counter(groups.values())
    assert found.alike.to_dict() == {size: size * count for size, count in sizes.items()}


def test_the_share_of_rows_with_a_twin_in_a_random_split():
    """Six rows in groups of three: both others are held out too with probability 0.01. Two rows are alone."""
    assert COUNTS["single_digit"].with_twin(0.1) == pytest.approx(6 / 8 * 0.99)
    found, held_out = results.count(generate.generate(12), train=7), 0.2
    rows = pa.Table.from_batches(generate.generate(12))
    drawn = np.random.default_rng(1).permutation(len(rows))
    one, other = rows.take(drawn[: len(rows) // 5]), rows.take(drawn[len(rows) // 5 :])
    assert twins.twins(one, other).mean() == pytest.approx(found.with_twin(held_out), abs=0.01)


def test_answers_by_size():
    found = datasets.by_size(pd.Series({-100: 1, -99: 2, -10: 4, -9: 8, 0: 16, 1: 32, 9: 64, 10: 128, 1000: 256}))
    assert found.to_dict() == {-100: 1, -10: 6, -1: 8, 0: 16, 1: 96, 10: 128, 1000: 256}


def test_calibration_by_hand():
    rows = pd.DataFrame({"probability": [0.05, 0.12, 0.18, 1.0], "correct": [False, True, False, True]})
    found = certainty.binned(rows)
    assert found["answers"].tolist() == [1, 2, 1]
    assert found["right"].tolist() == [0, 0.5, 1]
    assert certainty.calibration_error(rows) == pytest.approx((0.05 + 2 * 0.35 + 0) / 4)


def test_the_interval_is_wilson_s():
    share, rows, z = 0.3, 50, 1.959964
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    assert interval(share, rows) == pytest.approx((middle - half, middle + half), abs=1e-6)


def test_a_difference_of_few_rows_is_no_news():
    low, high = difference((1.0, 3), (0.9, 2000))
    assert (low, high) == pytest.approx((-0.46, 0.11), abs=0.01)
    low, high = difference((0.8, 1000), (0.7, 1000))
    assert 0.06 < low < 0.1 < high < 0.14


@pytest.mark.parametrize(
    ("tgt", "predicted", "marked"),
    [
        (760, "720", [("7", True), ("2", False), ("0", True)]),
        (12, "1", [("1", True), ("·", False)]),
        (3, "34", [("3", True), ("4", False)]),
        (-5, "", [("·", False), ("·", False)]),
    ],
)
def test_wrong_characters_are_marked(tgt, predicted, marked):
    rows = pd.DataFrame([("one", "1+2=", tgt, predicted, predicted, False, "a+b", 0.5)], columns=ANSWERS)
    assert gallery.gallery(rows)[0].marked == marked


ANSWERS = ["run", *tables.PREDICTIONS.names]


@pytest.mark.parametrize(
    ("written", "work", "mistake"),
    [
        ("1551", "", ""),
        ("47*33=141+1410=1551", "47*33=141+1410=1551", ""),
        ("47*33=141+1400=1541", "47*33=141+1400=1541", "47*33: 141+1400 is wrong"),
    ],
)
def test_work_is_shown_and_its_first_wrong_step_named(written, work, mistake):
    predicted = written.split("=")[-1]
    row = ("one", "47*(3+30)=", 1551, written, predicted, predicted == "1551", "a*(b+c)", 0.5)
    (found,) = gallery.gallery(pd.DataFrame([row], columns=ANSWERS))
    assert (found.work, found.mistake) == (work, mistake)
    assert "".join(char for char, _ in found.marked) == predicted


def test_the_gallery_has_right_and_wrong_of_every_template():
    rows = [
        ("one", f"{n}+0=", n, str(n), str(n), n % 2 == 0, template, 0.5)
        for n in range(10)
        for template in ("a+b", "a-b")
    ]
    found = gallery.gallery(pd.DataFrame(rows, columns=ANSWERS))
    kinds = Counter((answer.template, answer.correct) for answer in found)
    assert kinds == {("a+b", True): 1, ("a+b", False): 2, ("a-b", True): 1, ("a-b", False): 2}
    some = gallery.examples(pd.DataFrame(rows, columns=ANSWERS))
    assert sorted(answer.template for answer in some) == ["a+b", "a-b"]


def test_labels_do_not_touch_and_stay_inside():
    _, axes = drawing("")
    axes.set_ylim(0, 1)
    label_ends(axes, {name: (25, y, "black") for name, y in {"a": 0.99, "b": 1.0, "c": 0.985, "d": 0.2}.items()})
    places = {text.get_text(): text.xy[1] for text in axes.texts}
    assert places["d"] < places["c"] < places["a"] < places["b"] <= 1 + 1e-9
    assert places["a"] - places["c"] == pytest.approx(places["b"] - places["a"])
    assert places["b"] - places["a"] > 0.05


def test_long_names_are_cut_in_the_middle():
    assert short("single_digit-lstm") == "single_digit-lstm"
    cut = short("a" * 30 + "b" * 30)
    assert (len(cut), cut[0], cut[-1]) == (LONGEST, "a", "b")


def test_by_template_by_hand():
    rows = [("one", "a+b", True), *[("one", "a*b", right) for right in (False, False, True)], ("two", "a-b", False)]
    found = tables.by_template(pd.DataFrame(rows, columns=["run", "template", "correct"]))
    assert list(found.columns) == ["one", "two"]
    assert list(found.index[:3]) == ["a+b", "a-b", "a*b"]
    assert found.loc["a*b", "one"] == pytest.approx(1 / 3)
    assert found.loc["a-b", "two"] == 0
    assert pd.isna(found.loc["a-b", "one"])
