"""A network of five hand-made answers, as a study keeps it."""

import pandas as pd

from stages.network import PREDICTIONS
from stages.page.whole import Whole
from stages.studies import kept

ANSWERS = pd.DataFrame(
    [
        ("1+2=", 3, "3", "3", True, "a+b", 0.9),
        ("4+5=", 9, "8", "8", False, "a+b", 0.8),
        ("4*5*6=", 120, "21*6=130", "130", False, "a*b*c", 0.7),
        ("3-9*9=", -78, "-7", "-7", False, "a-b*c", 0.95),
        ("9*9*9=", 729, "", "", False, "a*b*c", 0.1),
    ],
    columns=PREDICTIONS.names,
)
BEYOND = pd.DataFrame({"kind": ["four operands"], "template": ["a+b+c+d"], "rows": [4], "right": [1]})
ROUNDING = {"sha256": "0" * 64, "parameters": 449042, "rows": 5, "changed": 1, "exact_match": 0.2}  # as in ANSWERS
HISTORY = pd.DataFrame({"epoch": [1, 2], "valid_exact_match": [0.5, 0.8]})
ROW = pd.Series(
    {"exact_match": 0.81, "seconds_per_epoch": 1800, "device": "cpu", "threads": 2, "processes": 1, "torch": "2.13.0"}
)


def network():
    point = {"name": "?", "cell": "gru", "lr": 0.005}
    return Whole("best", point, ROW, HISTORY, *kept_tables(ANSWERS).values(), ROUNDING, None)


def kept_tables(answers):
    made = {"kinds": kept.kinds(answers), "mistakes": kept.mistakes(answers), "held_out": answers[kept.KEPT]}
    return made | {"beyond": BEYOND}
