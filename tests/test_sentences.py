"""The sentence about a comparison, against sentences that a person wrote."""

import math

import pytest
from conftest import study_of

from stages.page import sentences
from stages.studies import design

TRAININGS = study_of(reach=0.6)
ANSWERS = design.Study(
    question="?",
    kind="answers",
    points=[{"run": "two_digit-lstm", "like": ["none", "full/rest"]}],
    by=["like"],
    show=["exact_match"],
    rule=[{"larger": "exact_match", "at": {"like": "full/rest"}, "than_at": {"like": "none"}}],
)


@pytest.mark.parametrize(
    ("study", "measure", "one", "two", "means", "sentence"),
    [
        (
            TRAININGS,
            "exact_match",
            {"dataset": "two_digit", "sample": "80000"},
            {"dataset": "two_digit", "sample": "21075"},
            (0.458, 0.062),
            "With 80,000 rows instead of 21,075, the exact match of two_digit rises from 6.2 % to 45.8 %",
        ),
        (
            TRAININGS,
            "exact_match",
            {"dataset": "two_digit", "sample": 27819},
            {"dataset": "without_1", "sample": "all"},
            (0.1, 0.2),
            "With 27,819 rows of two_digit instead of all rows of without_1, the exact match falls from 20.0 % to "
            "10.0 %",
        ),
        (
            TRAININGS,
            "loss",
            {"cell": "lstm", "dataset": "full"},
            {"cell": "gru", "dataset": "full"},
            (0.5, 0.4999),
            "With an LSTM instead of a GRU, the loss of full stays at 0.5",
        ),
        (
            TRAININGS,
            "epochs_to_reach",
            {"lr": 0.0001},
            {"lr": 0.001},
            (math.inf, 7.0),
            "With a learning rate of 0.0001 a loss of 0.6 is never reached; with 0.001 it is reached after 7 epochs",
        ),
        (
            TRAININGS,
            "seconds_per_epoch",
            {"hidden_dim": 256, "batch_size": 1024, "schedule": "one_cycle", "layers": 2},
            {"hidden_dim": 256, "batch_size": 64, "schedule": "one_cycle", "layers": 2},
            (5.96, 10.2),
            "With batches of 1,024 rows instead of 64 (a hidden size of 256 and a one-cycle learning rate and layers "
            "2), the time per epoch falls from 10.2 s to 5.96 s",
        ),
        (
            TRAININGS,
            "loss",
            {"grad_clip": "none"},
            {"grad_clip": 2.0},
            (0.2, 0.1),
            "With no clipping instead of clipping at 2, the loss rises from 0.1 to 0.2",
        ),
        (
            TRAININGS,
            "exact_match",
            {"name": "recipe", "lr": 0.003},
            {"name": "as the report", "lr": 0.001},
            (0.5, 0.25),
            "With “recipe” instead of “as the report”, the exact match rises from 25.0 % to 50.0 %",
        ),
        (
            ANSWERS,
            "exact_match",
            {"run": "two_digit-lstm", "like": "full/rest"},
            {"run": "two_digit-lstm", "like": "none"},
            (0.12, 0.06),
            "On rows weighted like full/rest instead of rows as they are, the exact match of two_digit-lstm rises from "
            "6.0 % to 12.0 %",
        ),
        (
            ANSWERS,
            "right_last",
            {"run": "full-lstm", "dataset": "full", "asked": "inside"},
            {"run": "full-lstm", "dataset": "two_digit", "asked": "outside"},
            (0.5, 0.25),
            "On full rows inside its own dataset instead of two_digit rows outside its own dataset, the share of "
            "correct last characters of full-lstm rises from 25.0 % to 50.0 %",
        ),
        (
            ANSWERS,
            "exact_match",
            {"run": "full-lstm", "part": "train", "like": "none"},
            {"run": "two_digit-lstm", "part": "rest", "like": "none"},
            (0.5, 0.25),
            "The exact match is 50.0 % for full-lstm on its training rows and 25.0 % for two_digit-lstm on rows that "
            "it was not trained on (rows as they are)",
        ),
    ],
)
def test_a_sentence_says_what_changed_and_what_came_of_it(study, measure, one, two, means, sentence):
    comparison = design.Comparison(larger=measure, at=one, than_at=two)
    assert sentences.change(study, comparison, one, two, means) == sentence


def test_keys_that_the_comparison_does_not_name_are_left_out():
    """A study's points may differ in more, such as the epochs that make the steps equal."""
    comparison = design.Comparison(larger="loss", at={"lr": 0.01}, than_at={"lr": 0.1})
    places = {"lr": 0.01, "epochs": 10}, {"lr": 0.1, "epochs": 20}
    text = sentences.change(TRAININGS, comparison, *places, (2.0, 1.0))
    assert text == "With a learning rate of 0.01 instead of 0.1, the loss rises from 1 to 2"


def test_differences():
    assert sentences.between("exact_match", 0.3814, 0.411) == "+38.1 to +41.1 points"
    assert sentences.between("loss", -0.5, 0.25) == "-0.5 to +0.25"
    assert sentences.about("peak_memory_mib", 107.2, 27.66) == "+107 ± 27.7 MiB"
    assert sentences.about("exact_match", -0.021, 0.004) == "-2.1 ± 0.4 points"
