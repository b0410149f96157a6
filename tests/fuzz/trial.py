"""One input, given to a reader: refused in one line, or accepted with values that another reader confirms.

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

LONGEST = 400  # characters of a refusal, without the path of the folder
SLOWEST = 2000  # milliseconds of processor time, which does not depend on other load


@dataclass(frozen=True)
class Input:
    """How an input was made, how to read it, and an independent check: an empty text, or what is wrong."""

    how: str
    read: Callable[[], Any]
    confirm: Callable[[Any], str]
    refused: Callable[[], str] = str  # what is wrong with a refusal, if the input is good
    printed: int = 0  # lines that an accepted input may print on standard error


@dataclass(frozen=True)
class Outcome:
    how: str
    milliseconds: float
    refusal: str | None  # the printed message; None for an accepted input
    problem: str


def tried(one: Input, folder: str) -> Outcome:
    """The outcome of reading the input as a stage does; `problem` is empty if everything is as promised."""
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
        message = end.code if isinstance(end.code, str) else ""  # a text makes the exit status 1
        refusal = message.replace(f"{folder}{os.sep}", "")
    except Exception as error:  # a stage would print a traceback
        return Outcome(one.how, _since(started), None, f"{type(error).__name__}: {error}")
    spent = _since(started)
    problem = _slow(spent) or _printed(out.getvalue(), err.getvalue(), one.printed)
    if not problem:
        problem = _confirmed(one, values) if refusal is None else _judged(refusal) or one.refused()
    return Outcome(one.how, spent, refusal, problem)


def _confirmed(one: Input, values: Any) -> str:
    try:
        return one.confirm(values)
    except Exception as error:  # wrong values can make the independent reader fail
        return f"the other reader fails: {type(error).__name__}: {error}"


def _slow(milliseconds: float) -> str:
    return f"took {milliseconds:.0f} ms" if milliseconds > SLOWEST else ""


def _printed(out: str, err: str, lines: int) -> str:
    """What is wrong with the output apart from the refusal; an empty text if nothing is."""
    printed = err.splitlines()
    if out or len(printed) > lines or not all(line.isprintable() and len(line) <= LONGEST for line in printed):
        return f"printed {(out + err)[:100]!r}"
    return ""


def _since(started: float) -> float:
    return 1000 * (time.process_time() - started)


def _judged(refusal: str) -> str:
    """What is wrong with a refusal; an empty text if nothing is. Its exit status is 1: it was a text in SystemExit."""
    if not refusal.startswith("fuzz: ") or not refusal.removeprefix("fuzz: ").strip():
        return f"says nothing: {refusal[:100]!r}"
    if not refusal.isprintable():
        return f"not one printable line: {refusal[:100]!r}"
    if len(refusal) > LONGEST:
        return f"{len(refusal):,} characters"
    return "a traceback" if "Traceback" in refusal else ""
