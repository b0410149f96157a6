"""Results of three runs, small enough to compute every figure of the page by hand: the numbers of correct answers.

                   single_digit-lstm       single_digit-gru        full-lstm
7+8=   tgt 15      8 of 10 correct         5 of 10
3-5=   tgt -2      1 of 5                  0 of 5
0*7=   tgt 0       4 of 5                  5 of 5
12*12= tgt 144     4 of 4                  3 of 5
32-18= tgt 14                                                      2 of 5
12-9+8= tgt 11                                                     5 of 5
"""

from dataclasses import fields

import pandas as pd
from conftest import TINY

from stages.common import params
from stages.network import PREDICTIONS
from stages.page.results import Counts, Results
from stages.studies import measures

LSTM, GRU, FULL = "single_digit-lstm", "single_digit-gru", "full-lstm"
RUNS = {
    LSTM: {"dataset": "single_digit", "cell": "lstm"},
    GRU: {"dataset": "single_digit", "cell": "gru"},
    FULL: {"dataset": "full", "cell": "lstm", "epochs": 1},
}
NUMBERS = {name: TINY[name] for name in TINY if name in {field.name for field in fields(params.Hyperparameters)}}
NUMBERS["grad_clip"] = 2.0
CONFIG = params.Params(
    **NUMBERS,
    sample_seed=42,
    valid_share=0.1,
    test_share=0.0,
    corpus={"operands": 50},
    datasets={
        "single_digit": {"rule": {"max": 9}, "sample": "all", "split": "rows"},
        "full": {"rule": {"without": "05"}, "sample": 4, "split": "rows"},
    },
    runs={name: NUMBERS | run for name, run in RUNS.items()},
)

COUNTS = {
    "single_digit": Counts(
        rows=8,
        train=6,
        templates=pd.Series({"a*b": 2, "a+b": 6}),
        operands=pd.Series({1: 8, 2: 2, 4: 6}),
        lengths=pd.Series({3: 6, 5: 2}),
        answers=pd.Series({-12: 1, -3: 1, 0: 2, 5: 3, 10: 1}),
        products=frozenset({"0*1=", "1*1="}),
        alike=pd.Series({1: 2, 3: 6}),
    ),
    "full": Counts(
        rows=4,
        train=3,
        templates=pd.Series({"a*b": 1, "a-b": 3}),
        operands=pd.Series({3: 4}),
        lengths=pd.Series({4: 4}),
        answers=pd.Series({7: 1, 100: 3}),
        products=frozenset({"1*0="}),
        alike=pd.Series({1: 4}),
    ),
}

# Run, expression, template, true answer, a wrong answer, number of correct answers, of all answers, probability
ANSWERS = [
    (LSTM, "7+8=", "a+b", 15, "16", 8, 10, 0.95),
    (LSTM, "3-5=", "a-b", -2, "2", 1, 5, 0.3),
    (LSTM, "0*7=", "a*b", 0, "1", 4, 5, 0.5),
    (LSTM, "12*12=", "a*b", 144, "143", 4, 4, 0.65),
    (GRU, "7+8=", "a+b", 15, "1", 5, 10, 0.7),
    (GRU, "3-5=", "a-b", -2, "-3", 0, 5, 0.1),
    (GRU, "0*7=", "a*b", 0, "", 5, 5, 0.9),
    (GRU, "12*12=", "a*b", 144, "134", 3, 5, 0.7),
    (FULL, "32-18=", "a-b", 14, "24", 2, 5, 0.4),
    (FULL, "12-9+8=", "a-b+c", 11, "12", 5, 5, 0.4),
]

CURVE = ["train_loss", "valid_loss", "train_token_accuracy", "valid_token_accuracy", "valid_exact_match"]
CURVES = {
    LSTM: [(2.0, 1.8, 0.1, 0.3, 0.05), (1.0, 1.2, 0.2, 0.5, 0.15)],
    GRU: [(1.9, 1.7, 0.12, 0.32, 0.06), (0.9, 1.1, 0.22, 0.52, 0.16)],
    FULL: [(2.2, 2.1, 0.05, 0.07, 0.01)],
}
SECONDS = {LSTM: 30.0, GRU: 24.0, FULL: 90.0}


def results() -> Results:
    """Results of all the above and of metrics 0.101, 0.102, …; measures that no test uses are 0.5."""
    shown = "exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss"
    metrics = dict.fromkeys(measures.of(measures.METRICS), [0.5] * 3) | {"parameters": [1007, 2007, 3007]}
    metrics |= {name: [run / 10 + place / 1000 for run in (1, 2, 3)] for place, name in enumerate(shown, start=1)}
    machine = {"device": "cpu", "threads": 2, "processes": 1, "torch": "2.13.0", "processor": "AMD EPYC 9B14"}
    timing = pd.DataFrame({"run": SECONDS.keys(), "seconds_per_epoch": SECONDS.values()}).assign(**machine)
    curves = [(run, epoch, *row) for run, rows in CURVES.items() for epoch, row in enumerate(rows, start=1)]
    squares = [(run, f"{a}*{b}=", a * b, (a, b) == (0, 1)) for run in RUNS for a in (0, 1) for b in (0, 1)]
    products = pd.DataFrame(squares, columns=["run", "src", "tgt", "correct"])
    return Results(
        config=CONFIG,
        counts=COUNTS,
        curves=named(pd.DataFrame(curves, columns=["run", "epoch", *CURVE])),
        metrics=named(pd.DataFrame(metrics).assign(run=RUNS.keys())),
        timing=named(timing),
        predictions=named(predictions()),
        products=named(products),
        **{"studies": {}, "kept": {}, "shipped": None, "calculator": None},
    )


def predictions() -> pd.DataFrame:
    rows = [
        (run, src, tgt, *[str(tgt) if place < right else wrong] * 2, place < right, template, probability)
        for run, src, template, tgt, wrong, right, of, probability in ANSWERS
        for place in range(of)
    ]
    return pd.DataFrame(rows, columns=["run", *PREDICTIONS.names])


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns run, dataset and cell first."""
    runs = [RUNS[run] for run in table["run"]]
    front = pd.DataFrame(runs, table.index)[["dataset", "cell"]]
    return table[["run"]].join(front).join(table.drop(columns="run"))
