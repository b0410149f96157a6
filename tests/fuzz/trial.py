"""One input, given to a reader of ours: refused in one line, or accepted with values that another reader confirms.

Input('lr: .inf', …)  ->  Outcome(refusal='fuzz: params.yaml: lr: must be a finite number (found inf)', problem='')
"""

import contextlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from stages import sources
from stages.command import one_line

LONGEST = 400  # characters of a refusal, without the folder
SLOWEST = 2000  # milliseconds of processor time, so that a busy machine changes no result


@dataclass(frozen=True)
class Input:
    """How to read an input, and what an independent reader says of the values: nothing, or what is wrong."""

    made: str
    read: Callable[[], Any]
    confirm: Callable[[Any], str]
    said: Callable[[], str] = str  # what is wrong with a refusal, where the other reader knows better
    printed: int = 0  # lines on standard error that the input may cause although it is accepted


@dataclass(frozen=True)
class Outcome:
    made: str
    milliseconds: float
    refusal: str | None  # as it was printed, None for an accepted input
    problem: str


def tried(one: Input, folder: str) -> Outcome:
    """Read the input as a stage would; the outcome has a problem unless all that is promised holds."""
    out, err, refusal, values = io.StringIO(), io.StringIO(), None, None
    started = time.process_time()
    try:
        with (
            mock.patch.dict(sources.READ, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            one_line("fuzz"),
        ):
            values = one.read()
    except SystemExit as end:
        said = end.code if isinstance(end.code, str) else ""  # a text makes the exit status 1
        refusal = said.replace(f"{folder}{os.sep}", "")
    except Exception as error:  # what would have been a traceback
        return Outcome(one.made, _since(started), None, f"{type(error).__name__}: {error}")
    spent = _since(started)
    problem = _slow(spent) or _printed(out.getvalue(), err.getvalue(), one.printed)
    if not problem:
        problem = _confirmed(one, values) if refusal is None else _judged(refusal) or one.said()
    return Outcome(one.made, spent, refusal, problem)


def _confirmed(one: Input, values: Any) -> str:
    try:
        return one.confirm(values)
    except Exception as error:  # the independent reader meets what it never expects of good values
        return f"the other reader fails: {type(error).__name__}: {error}"


def _slow(milliseconds: float) -> str:
    return f"took {milliseconds:.0f} ms" if milliseconds > SLOWEST else ""


def _printed(out: str, err: str, lines: int) -> str:
    """What is wrong with what was printed beside a refusal."""
    said = err.splitlines()
    if out or len(said) > lines or not all(line.isprintable() and len(line) <= LONGEST for line in said):
        return f"printed {(out + err)[:100]!r}"
    return ""


def _since(started: float) -> float:
    return 1000 * (time.process_time() - started)


def _judged(refusal: str) -> str:
    """What is wrong with a refusal; its exit status is 1, for it is a text that ends Python."""
    if not refusal.startswith("fuzz: ") or not refusal.removeprefix("fuzz: ").strip():
        return f"says nothing: {refusal[:100]!r}"
    if not refusal.isprintable():
        return f"not one printable line: {refusal[:100]!r}"
    if len(refusal) > LONGEST:
        return f"{len(refusal):,} characters"
    return "a traceback" if "Traceback" in refusal else ""
