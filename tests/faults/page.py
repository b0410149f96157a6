"""The results of the faults, as a page.

[Row('the trainer of `dvc repro`: kill -9', 5.1, …), …]  ->  reports/faults.md
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from tests.faults.lab import EPOCHS, NEW_LR, Lab
from tests.faults.running import NOTICED, Refused, Unexpected, epochs

MADE = """\
# Faults

`make faults` wrote this page: every row was done for real, in a copy of the project with its own git and DVC. There a
training of {epochs} epochs ({seconds:.1f} s from `dvc repro` to the end of the pipeline, undisturbed) is asked for by
`{change}`, with the results of another `lr` committed before. *Epochs kept* were in the checkpoint after the fault;
*goes on at* is the first epoch that the next command trained. *Same bytes* compares the model, the metrics and the
history, by SHA-256, with those of a training that nothing disturbed. *Orphan* says whether a trainer was still there
{noticed} seconds after the kill. A trainer that was still starting had {imports:.1f} seconds more, the time of its
imports: it looks for its DVC only after them.

{machine}.

**{passed} of {tried} faults passed, {failed} failed, {untried} not tried.**

"""


@dataclass
class Row:
    """One fault; filled in while it happens."""

    fault: str
    moment: float | None = None  # seconds after the start of the command
    printed: str = ""
    kept: int | None = None
    then: str = ""
    goes_on: str = ""
    same: bool | None = None
    orphan: bool | None = None
    problems: list[str] = field(default_factory=list)
    not_tried: str = ""

    @contextmanager
    def filled(self) -> Iterator["Row"]:
        """Record an unexpected result in this row, so that the next fault is still tried."""
        try:
            yield self
        except Unexpected as error:
            self.problems.append(str(error))
        except Refused as error:
            self.not_tried = f"not tried: {error}"

    def expect(self, true: bool, otherwise: str) -> None:
        if not true:
            self.problems.append(otherwise)

    def ended(self, text: str, lab: Lab, reference: dict[str, str], kept: int) -> None:
        """Compare the resumed training with an undisturbed one. It should have resumed after `kept` epochs."""
        done = epochs(text)
        self.goes_on = str(done[0]) if done else "the end"
        self.expect(done == list(range(kept + 1, EPOCHS + 1)), f"trained epochs {done} after {kept} kept")
        self.same = lab.hashes() == reference
        self.expect(self.same, "other bytes")
        self.expect("Traceback" not in text, "a traceback")
        left = [path.name for folder in (".resume", "data/models") for path in lab.path(folder).glob("*.tmp")]
        self.expect(not left, f"left behind: {left}")

    def result(self) -> str:
        text = self.not_tried or "; ".join(self.problems) or "passed"
        return " ".join(text.split())  # on one line


def page(rows: list[Row], seconds: float, imports: float) -> str:
    tried = [row for row in rows if not row.not_tried]
    failed = [row for row in tried if row.problems]
    head = MADE.format(
        epochs=EPOCHS,
        seconds=seconds,
        noticed=NOTICED,
        imports=imports,
        change=NEW_LR,
        machine=_machine(),
        passed=len(tried) - len(failed),
        tried=len(tried),
        failed=len(failed),
        untried=len(rows) - len(tried),
    )
    yes = {True: "yes", False: "no", None: ""}
    table = [
        {
            "#": number,
            "fault": row.fault,
            "at, s": "" if row.moment is None else f"{row.moment:.1f}",
            "printed": _code(row.printed),
            "epochs kept": "" if row.kept is None else row.kept,
            "next": row.then,
            "goes on at": row.goes_on,
            "same bytes": yes[row.same],
            "orphan": yes[row.orphan],
            "result": row.result().replace("|", "\\|"),
        }
        for number, row in enumerate(rows, start=1)
    ]
    return head + pd.DataFrame(table).to_markdown(index=False, disable_numparse=True) + "\n"


def _code(text: str) -> str:
    plain = text.replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if text else ""


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(": ")[2] for line in info.splitlines() if line.startswith("model name")]
    cpu = names[0] if names else platform.machine()
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    releases = f"Python {platform.python_version()}, DVC {version('dvc')}, PyTorch {version('torch')}"
    return f"The machine: {cpu}, {os.cpu_count()} cores, {system}, {releases}"
