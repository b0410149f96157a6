"""Shift: are two tables of rows drawn from the same distribution?

full/train and full/valid, of: a  ->  distance 0.019, p-value 0.51; of: everything  ->  a classifier's AUC, 0.49
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp, mannwhitneyu
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from stages.command import BadInput
from stages.grammar import TEMPLATES


def compare(one: pd.DataFrame, other: pd.DataFrame, of: str) -> dict:
    """How far apart the tables are in one property, and how often chance alone would bring them as far (p-value).

    `template`: Cramér's V and the chi-squared test; a number: Kolmogorov and Smirnov's distance and test; `everything`:
    the AUC of a classifier that has not seen the rows it tells apart (0.5: it cannot), its standard error where there
    is nothing to tell (Mann and Whitney 1947), and their test. Raises BadInput for another property.
    """
    tables = properties(one), properties(other)
    if of == "everything":
        return {"rows": len(one) + len(other), **_told_apart(*tables)}
    if of not in tables[0]:
        raise BadInput(f"no property {of!r}; there are {', '.join(tables[0])} and everything")
    one, other = (table[of].dropna() for table in tables)
    rows = len(one) + len(other)
    if of == "template":
        counts = pd.DataFrame([table.value_counts() for table in (one, other)]).fillna(0)
        test = chi2_contingency(counts, correction=False)
        return {"rows": rows, "distance": math.sqrt(test.statistic / rows), "p_value": test.pvalue}
    test = ks_2samp(one, other)
    return {"rows": rows, "distance": test.statistic, "p_value": test.pvalue}


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
