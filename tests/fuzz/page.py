"""The outcomes of the inputs, as a page.

{'expressions': [Outcome('character added', 0.1, "fuzz: '2+*3': …", ''), …]}  ->  reports/fuzz.md
"""

import os
import platform
from pathlib import Path

import pandas as pd

from tests.fuzz.trial import LONGEST, SLOWEST, Outcome

EXAMPLES = 3
HEAD = """\
# Fuzz

`make fuzz` wrote this page.

Each input goes through a reader of this project.

An input passes if it is refused in one printable line of at most {longest} characters with a non-zero exit status, or
if an independent reader confirms the values.

The independent readers share no code with this project: ruamel.yaml's own loader, Python's `ast`, `csv` and `json`,
safetensors' NumPy reader, the tables in memory, and ranges written down a second time.

An input that takes more than {slowest} ms of processor time fails.

The seed is {seed!r}: each run makes the same inputs.

The machine: {machine}.

**{passed:,} of {tried:,} inputs passed, {failed} failed.**

"""


def page(outcomes: dict[str, list[Outcome]], seed: str) -> str:
    every = [one for found in outcomes.values() for one in found]
    failed = sum(bool(one.problem) for one in every)
    head = HEAD.format(
        longest=LONGEST,
        slowest=SLOWEST,
        seed=seed,
        machine=_machine(),
        passed=len(every) - failed,
        tried=len(every),
        failed=failed,
    )
    table = pd.DataFrame([_row(kind, found) for kind, found in outcomes.items()])
    parts = [head, table.to_markdown(index=False, disable_numparse=True), "\n\n## Examples of refusals\n"]
    parts += [_examples(kind, found) for kind, found in outcomes.items()]
    parts += [_failures(every)] if failed else []
    return "".join(parts)


def _row(kind: str, found: list[Outcome]) -> dict[str, str]:
    passed = [one for one in found if not one.problem]
    return {
        "kind": kind,
        "inputs": f"{len(found):,}",
        "refused": f"{sum(one.refusal is not None for one in passed):,}",
        "accepted and confirmed": f"{sum(one.refusal is None for one in passed):,}",
        "failed": f"{len(found) - len(passed):,}",
        "slowest, ms": f"{max(one.milliseconds for one in found):.0f}",
    }


def _examples(kind: str, found: list[Outcome]) -> str:
    """The first refusals whose damage and message both differ."""
    chosen: dict[str, Outcome] = {}
    for one in found:
        if one.refusal and not one.problem and one.refusal not in {known.refusal for known in chosen.values()}:
            chosen.setdefault(one.how, one)
    rows = [f"- {one.how}: {_code(one.refusal)}\n" for one in list(chosen.values())[:EXAMPLES]]
    return f"\n{kind}:\n\n{''.join(rows)}"


def _failures(every: list[Outcome]) -> str:
    rows = [f"- {one.how}: {_code(one.problem)}\n" for one in every if one.problem]
    return f"\n## Failures\n\n{''.join(rows[:50])}"


def _code(text: str) -> str:
    plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[:160]).replace("`", "'")
    return f"`{plain}{'…' if len(text) > 160 else ''}`"


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(": ")[2] for line in info.splitlines() if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
