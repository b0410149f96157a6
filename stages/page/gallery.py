"""Example answers of every run and template, correct and wrong, with the wrong characters marked.

'38*(4+16)=', tgt 760, predicted '720'  ->  7 right, 2 wrong, 0 right
"""

from dataclasses import dataclass

import pandas as pd

from stages.arithmetic import work

RIGHT, WRONG = 1, 2  # rows of each kind, for each run and template


@dataclass(frozen=True)
class Answer:
    """One held-out row; `marked` is the answer as (character, whether it is correct in its position).

    `work` is what the network wrote if it has steps, `mistake` their first wrong one; otherwise empty.
    """

    run: str
    template: str
    src: str
    tgt: str
    predicted: str
    marked: list[tuple[str, bool]]
    correct: bool
    probability: float
    work: str
    mistake: str


def gallery(predictions: pd.DataFrame) -> list[Answer]:
    """The first rows of every run and template, RIGHT and WRONG of them."""
    kinds = predictions.groupby(["run", "template", "correct"], observed=True, sort=False)
    most = predictions["correct"].map({True: RIGHT, False: WRONG})
    return list(map(answer, predictions[kinds.cumcount() < most].itertuples()))


def examples(predictions: pd.DataFrame) -> list[Answer]:
    """Up to five rows of the first run, each of another template, three of them correct if possible."""
    rows = predictions[predictions["run"] == predictions["run"].iloc[0]]
    right = rows[rows["correct"]].drop_duplicates("template").tail(3)
    rest = rows[~rows["template"].isin(right["template"])].sort_values("correct", kind="stable")
    chosen = pd.concat([right, rest.drop_duplicates("template").head(5 - len(right))])
    return list(map(answer, chosen.itertuples()))


def answer(row) -> Answer:
    """A row of the predictions with its answer marked; `·` stands for a missing character."""
    right = str(row.tgt)
    predicted = row.predicted.ljust(len(right), "·")
    marked = [(char, place < len(right) and char == right[place]) for place, char in enumerate(predicted)]
    written = row.written if row.written != row.predicted else ""
    mistake = str(work.wrong(row.src, written) or "") if written else ""
    known = row.run, row.template, row.src, right, row.predicted, marked, row.correct, row.probability
    return Answer(*known, written, mistake)
