"""The kinds of input, how many there are of each, and a function that tries some of them.

run('expressions', 0, 250)  ->  250 outcomes, identical each time
"""

import random
import tempfile
from pathlib import Path

from tests.fuzz import expressions, external, models, params, results, studies, tables
from tests.fuzz.trial import Outcome, tried

SEED = "2+2=4"
KINDS = {
    "params.yaml": (params.inputs, 6000),
    "studies.yaml": (studies.inputs, 3000),
    "tables of ours": (tables.inputs, 4000),
    "tables of others": (external.inputs, 4000),
    "models": (models.inputs, 4000),
    "what `report` reads": (results.inputs, 4000),
    "expressions": (expressions.inputs, 5000),
}


def run(kind: str, start: int, stop: int) -> list[Outcome]:
    """The outcomes of a kind's inputs number `start` to `stop` - 1. An input depends only on its kind and number."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        make = KINDS[kind][0](Path(folder))
        seeded = ((random.Random(f"{SEED} {kind} {number}"), number) for number in range(start, stop))
        return [tried(make(*one), folder) for one in seeded]
