"""Numbers as text, and the sentence about a comparison, against sentences that a person wrote."""

import math

import pytest
from conftest import study_of

from stages.page import digits, sentences
from stages.studies import design

TRAINED = study_of(reach=0.6)
ASKED = design.Study(
    question="?",
    kind="answers",
    points=[{"run": "two_digit-lstm", "like": ["none", "full/rest"]}],
    by=["like"],
    show=["exact_match"],
    rule=[{"larger": "exact_match", "at": {"like": "full/rest"}, "than_at": {"like": "none"}}],
)
# What both points share, what differs at each, the measure and its means, and the sentence
CHANGES = [
    (
        (TRAINED, {"dataset": "two_digit"}, {"sample": "80000"}, {"sample": "21075"}, "exact_match", 0.458, 0.062),
        "With 80,000 rows instead of 21,075, the exact match of two_digit rises from 6.2 % to 45.8 %",
    ),
    (
        (TRAINED, {"dataset": "full"}, {"cell": "lstm"}, {"cell": "gru"}, "loss", 0.5, 0.4999),
        "With an LSTM instead of a GRU, the loss of full stays at 0.5",
    ),
    (
        (TRAINED, {}, {"lr": 0.0001}, {"lr": 0.001}, "epochs_to_reach", math.inf, 7.0),
        "With a learning rate of 0.0001 a loss of 0.6 is never reached; with 0.001 it is reached after 7 epochs",
    ),
    (
        (TRAINED, {"layers": 2}, {"batch_size": 1024}, {"batch_size": 64}, "seconds_per_epoch", 5.96, 10.2),
        "With batches of 1,024 rows instead of 64 (layers 2), the time per epoch falls from 10.2 s to 5.96 s",
    ),
    (
        (TRAINED, {}, {"name": "recipe", "lr": 0.003}, {"name": "as the report", "lr": 0.001}, "exact_match", 0.5, 0.2),
        "With “recipe” instead of “as the report”, the exact match rises from 20.0 % to 50.0 %",
    ),
    (
        (ASKED, {"run": "two_digit-lstm"}, {"like": "full/rest"}, {"like": "none"}, "exact_match", 0.12, 0.06),
        "On rows weighted like full/rest instead of rows as they are, the exact match of two_digit-lstm rises from "
        "6.0 % to 12.0 %",
    ),
    (
        (ASKED, {"like": "none"}, {"run": "a", "part": "train"}, {"run": "b", "part": "rest"}, "exact_match", 0.5, 0.2),
        "The exact match is 50.0 % for a on its training rows and 20.0 % for b on rows that it was not trained on "
        "(rows as they are)",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_a_sentence_says_what_changed_and_what_came_of_it(change, sentence):
    study, shared, place, other, measure, *means = change
    place, other = shared | place, shared | other
    comparison = design.Comparison(larger=measure, at=place, than_at=other)
    assert sentences.change(study, comparison, place, other, means) == sentence
    if study is TRAINED:  # points may differ in more than what is compared, such as epochs that make the steps equal
        assert sentences.change(study, comparison, place | {"epochs": 1}, other | {"epochs": 2}, means) == sentence


def test_differences_have_units():
    assert sentences.between("exact_match", 0.3814, 0.411) == "+38.1 to +41.1 points"
    assert sentences.between("loss", -0.5, 0.25) == "-0.5 to +0.25"
    assert sentences.about("peak_memory_mib", 107.2, 27.66) == "+107 ± 27.7 MiB"
    assert sentences.about("exact_match", -0.021, 0.004) == "-2.1 ± 0.4 points"


@pytest.mark.parametrize(
    ("share", "fixed", "percent", "general"),
    [
        (1.0, "1.0000", "100.0 %", "1"),
        (0.999996, "0.999996", "99.9996 %", "0.999996"),
        (0.9996, "0.9996", "99.96 %", "0.9996"),
        (0.01004, "0.0100", "1.0 %", "0.01"),
        (1234.5, "1234.5000", "123450.0 %", "1.23e+03"),
    ],
)
def test_nearly_all_is_not_all(share, fixed, percent, general):
    assert (digits.fixed(share, 4), digits.percent(share), digits.general(share)) == (fixed, percent, general)


@pytest.mark.parametrize(
    ("middle", "spread", "text"),
    [
        (-0.0376, 0.0278, "-0.038 ± 0.028"),
        (-2e-7, 0.05, "+0 ± 0.05"),
        (12.34, 11.4, "+12 ± 11"),
        (0.25, 0.0, "+0.25 ± 0"),
        (0.25, float("nan"), "+0.25 ± nan"),
    ],
)
def test_a_difference_has_the_decimals_of_its_spread(middle, spread, text):
    assert digits.about(middle, spread) == text
