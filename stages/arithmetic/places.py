"""Answers compared with the correct ones, character by character.

tgt 84, predicted '82'  ->  place 1: '8' '8', place 2: '4' '2', place 3: 'end' 'end'
"""

import pandas as pd

END = "end"  # stands for <eos>


def by_place(answers: pd.DataFrame) -> pd.DataFrame:
    """A row for each character of each correct answer, and for its end: place (from 1), right, predicted, correct."""
    right, predicted = ([[*text, END] for text in answers[column].astype(str)] for column in ("tgt", "predicted"))
    rows = [
        (row, place + 1, char, answer[place] if place < len(answer) else END)
        for row, known, answer in zip(answers.index, right, predicted, strict=True)
        for place, char in enumerate(known)
    ]
    places = pd.DataFrame(rows, columns=["row", "place", "right", "predicted"]).set_index("row")
    return places.assign(correct=places["right"] == places["predicted"])


def digits(answers: pd.DataFrame) -> pd.DataFrame:
    """How often each correct character was answered with which: right, predicted, count, share of the correct one."""
    counts = by_place(answers)[["right", "predicted"]].value_counts().rename("count").reset_index()
    counts["share"] = counts["count"] / counts.groupby("right")["count"].transform("sum")
    return counts.sort_values(["right", "predicted"], ignore_index=True)
