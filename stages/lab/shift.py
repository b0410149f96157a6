"""Shift: are two tables of rows drawn from the same distribution?

full/train and full/valid, of: a  ->  distance 0.012, p-value 0.93; of: everything  ->  a classifier's AUC, 0.50
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp, mannwhitneyu
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict

from stages.grammar import TEMPLATES

FOLDS = 5  # of the classifier's cross-validation


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
    rows = pd.concat([one, other], ignore_index=True)
    labels = np.repeat([1, 0], [len(one), len(other)])
    classifier = HistGradientBoostingClassifier(random_state=0)
    shuffled = np.random.default_rng(0).permutation(len(rows))  # folds are cut in the order of the rows
    scores = cross_val_predict(classifier, rows.iloc[shuffled], labels[shuffled], cv=FOLDS, method="predict_proba")[
        :, 1
    ]
    found = [scores[labels[shuffled] == label] for label in (1, 0)]
    test = mannwhitneyu(*found)
    pairs = len(one) * len(other)
    error = math.sqrt((len(rows) + 1) / (12 * pairs))
    return {"auc": test.statistic / pairs, "error": error, "p_value": test.pvalue}
