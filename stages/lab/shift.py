"""Shift: are two tables of rows drawn from the same distribution?

full/train and full/valid, of: a  ->  distance 0.012, p-value 0.93; of: everything  ->  a classifier's AUC, 0.50
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp, mannwhitneyu
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from stages.grammar import TEMPLATES


def row(one: pd.DataFrame, other: pd.DataFrame, of: str) -> dict:
    """How far apart the tables are in one property, and how often chance alone would bring them as far (p-value).

    `template`: Cramér's V and the chi-squared test; a number: Kolmogorov and Smirnov's distance and test; `everything`:
    the AUC of a classifier that has not seen the rows it tells apart (0.5: it cannot), its standard error where there
    is nothing to tell (Mann and Whitney 1947), and their test.
    """
    rows = {"rows": len(one) + len(other)}
    one, other = properties(one), properties(other)
    if of == "everything":
        found = _told_apart(one, other)
    elif of == "template":
        counts = pd.DataFrame([table[of].value_counts() for table in (one, other)]).fillna(0)
        test = chi2_contingency(counts)
        found = {"distance": math.sqrt(test.statistic / rows["rows"]), "p_value": test.pvalue}
    else:
        test = ks_2samp(one[of].dropna(), other[of].dropna())
        found = {"distance": test.statistic, "p_value": test.pvalue}
    return rows | found


def properties(table: pd.DataFrame) -> pd.DataFrame:
    """What is compared of each row: its template's number, operands, characters, answer and the answer's length."""
    return pd.DataFrame(
        {
            "template": table["template"].astype(str).map(TEMPLATES.index),
            **{name: table[name].astype(float) for name in "abc"},
            "length": table["src"].str.len(),
            "answer": table["tgt"],
            "answer_length": table["tgt"].astype(str).str.len(),
        }
    )


def _told_apart(one: pd.DataFrame, other: pd.DataFrame) -> dict:
    """Half of the rows teach it; scores of folds that teach each other would not be independent, as the test asks."""
    rows, labels = pd.concat([one, other]), np.repeat([1, 0], [len(one), len(other)])
    known, unknown, taught, right = train_test_split(rows, labels, test_size=0.5, stratify=labels, random_state=0)
    scores = HistGradientBoostingClassifier(random_state=0).fit(known, taught).predict_proba(unknown)[:, 1]
    found = [scores[right == label] for label in (1, 0)]
    test, pairs = mannwhitneyu(*found), math.prod(map(len, found))
    return {
        "auc": test.statistic / pairs,
        "error": math.sqrt((len(scores) + 1) / (12 * pairs)),
        "p_value": test.pvalue,
    }
