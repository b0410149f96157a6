"""What a dataset's expressions look like, counted: templates, operands, lengths, answers.

'12*(3+4)='  ->  one more 'a*(b+c)', one more 12, 3 and 4, one more of 8 characters, one more 84
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Counts:
    """How many of a dataset's expressions there are, and how many of each kind; `train` of them are trained on."""

    rows: int
    train: int
    templates: pd.Series
    operands: pd.Series
    lengths: pd.Series  # characters of the expression, without its `=`
    answers: pd.Series
    products: frozenset[str]  # those of the template a*b, as they are written


def count(batches: Iterable[pa.RecordBatch], train: int) -> Counts:
    """The counts of a table that need never be in memory as a whole."""
    parts: dict[str, list[pd.Series]] = {"templates": [], "operands": [], "lengths": [], "answers": []}
    products = set()
    for batch in batches:
        operands = pd.concat([batch[letter].to_pandas().dropna() for letter in "abc"])
        template = batch["template"].to_pandas().astype(str)
        products.update(batch["src"].to_pandas()[template == "a*b"])
        parts["templates"].append(template.value_counts())
        parts["operands"].append(operands.astype(int).value_counts())
        parts["lengths"].append((pc.utf8_length(batch["src"]).to_pandas() - 1).value_counts())  # - 1 for the `=`
        parts["answers"].append(batch["tgt"].to_pandas().value_counts())
    sums = {name: pd.concat(counts).groupby(level=0).sum() for name, counts in parts.items()}
    return Counts(int(sums["templates"].sum()), train, **sums, products=frozenset(products))


def by_size(answers: pd.Series) -> pd.Series:
    """Answers counted by sign and digits, under the smallest of them: … -10 (two digits), -1, 0, 1, 10 …"""
    values = answers.index.to_numpy()
    digits = np.array([len(str(abs(value))) for value in values.tolist()])
    return answers.groupby(np.sign(values) * 10 ** (digits - 1)).sum()
