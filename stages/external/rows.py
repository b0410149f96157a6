"""The rows of an external table with columns `src` and `tgt`: expressions to score, or what is wrong with a row.

src,tgt
12*(3+4),84.0    ->  Row(src='12*(3+4)=', tgt=84, wrong=None)
3+4=,8           ->  Row(src='', tgt=0, wrong="row 2: '3+4=' is 7, not 8")
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple

from stages import grammar
from stages.command import BadInput, shown
from stages.external import formats

OTHER = "other"  # the template of an expression that the corpus has no template for
LARGEST = 10**18  # fits a 64-bit integer column
# 84, +84, 84.0, 84,0, 8.4e1, 1,200 and 1 200: groups of three, a point or a comma, an exponent; any script's digits
NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:[,' \u00a0\u202f]\d{3})+|\d+)(?:[.,](\d*))?([eE][+-]?\d{1,4})?")


class Row(NamedTuple):
    """An expression that ends with `=` and its value, or what is `wrong` with the row, in one line for a person."""

    src: str
    tgt: int
    wrong: str | None = None


def read(path: Path) -> Iterator[Row]:
    """Every row of the table, counted from 1; raises BadInput as `formats.read` does."""
    for number, cells in zip(count(1), formats.read(path), strict=False):
        try:
            if isinstance(cells, str):
                raise BadInput(cells)
            yield judge(*cells)
        except BadInput as error:
            yield Row("", 0, f"row {number}: {error}")


def judge(src: str | None, tgt: str | None) -> Row:
    """The row of two cells; raises BadInput for a gap, a malformed expression or a wrong `tgt`."""
    src, tgt = src or "", (tgt or "").strip()
    if not src.strip():
        raise BadInput("src is empty")
    value = grammar.evaluate(src)
    src = grammar.without_blanks(src)
    if abs(value) > LARGEST:
        raise BadInput(f"the value of '{shown(src)}' is too large to be scored")
    if not tgt:
        raise BadInput(f"tgt of '{shown(src)}' is empty")
    if number(tgt) != value:
        raise BadInput(f"'{shown(src)}' is {value}, not {shown(tgt, 20)}")
    return Row(src.removesuffix("=") + "=", value)


def number(text: str) -> Decimal | None:
    """The value of a number as people and programs write it; None for anything else, including NaN and infinity."""
    # The minus sign may also be the typographic one
    found = NUMBER.fullmatch(text.replace("\u2212", "-")) if len(text) <= grammar.LONGEST else None
    if not found:
        return None
    sign, grouped, fraction, exponent = found.groups("")
    digits = re.sub(r"\D", "", grouped)
    return Decimal(f"{sign}{digits}.{fraction}{exponent}")


def template(src: str) -> str:
    """The template of an expression, or OTHER."""
    letters: Iterator[str] = iter("abc")
    found = grammar.NUMBER.sub(lambda _: next(letters, "?"), src.removesuffix("="))
    return found if found in grammar.TEMPLATES else OTHER
