"""Studies of shift: are two tables of rows drawn from the same distribution?

full/train and full/valid, of: a  ->  distance 0.019, p-value 0.51; of: everything  ->  a classifier's AUC, 0.49
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp, mannwhitneyu
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from stages.arithmetic.grammar import TEMPLATES


def compare(one: pd.DataFrame, other: pd.DataFrame, of: str) -> dict:
    """The distance of two tables in one property, and its p-value.

    template     Cramér's V and the chi-squared test
    a number     the Kolmogorov-Smirnov distance and test
    everything   the AUC of a classifier on unseen rows (0.5: it cannot tell the tables apart), its standard error under
                 the null hypothesis, and the U test (Mann and Whitney 1947)
    """
    tables = properties(one), properties(other)
    if of == "everything":
        return {"rows": len(one) + len(other), **_classified(*tables)}
    one, other = (table[of].dropna() for table in tables)
    rows = len(one) + len(other)
    if of == "template":
        counts = pd.DataFrame([table.value_counts() for table in (one, other)]).fillna(0)
        test = chi2_contingency(counts, correction=False)
        return {"rows": rows, "distance": math.sqrt(test.statistic / rows), "p_value": test.pvalue}
    test = ks_2samp(one, other)
    return {"rows": rows, "distance": test.statistic, "p_value": test.pvalue}


def properties(table: pd.DataFrame) -> pd.DataFrame:
    """The properties of each row: template number, operands, length of the expression, answer, length of the answer."""
    return pd.DataFrame(
        {
            "template": table["template"].astype(str).map(TEMPLATES.index),
            **{name: table[name].astype(float) for name in "abc"},
            "length": table["src"].str.len(),
            "answer": table["tgt"],
            "answer_length": table["tgt"].astype(str).str.len(),
        }
    )


def _classified(one: pd.DataFrame, other: pd.DataFrame) -> dict:
    """The classifier's AUC, its standard error and p-value."""
    # One half to train on, the other to test: cross-validated scores would not be independent
    rows, labels = pd.concat([one, other]), np.repeat([1, 0], [len(one), len(other)])
    train, unseen, train_labels, true = train_test_split(rows, labels, test_size=0.5, stratify=labels, random_state=0)
    scores = HistGradientBoostingClassifier(random_state=0).fit(train, train_labels).predict_proba(unseen)[:, 1]
    sides = [scores[true == label] for label in (1, 0)]
    test, pairs = mannwhitneyu(*sides), math.prod(map(len, sides))
    error = math.sqrt((len(scores) + 1) / (12 * pairs))
    return {"auc": test.statistic / pairs, "error": error, "p_value": test.pvalue}
