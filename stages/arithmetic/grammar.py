"""The language of the corpus: 24 templates, and a parser that evaluates expressions.

'12*(3+4)='  ->  84, of template 'a*(b+c)'

expression = term {('+' | '-') term}
term       = factor {'*' factor}
factor     = number | '(' expression ')'

In the steps of a worked answer a number may have a minus sign: '3*-5'. Blanks (`str.isspace`) are allowed anywhere
except inside a number.
"""

import re
from collections.abc import Mapping
from itertools import islice, permutations, product
from typing import Any

from stages.common.messages import BadInput, printable

OPERATORS = "+-*"

# Equal operators never get parentheses: (a+b)+c does not exist in the corpus, (a+b)-c does.
TEMPLATES = (
    *(f"a{p}b" for p in OPERATORS),
    *(f"a{p}b{q}c" for p, q in product(OPERATORS, repeat=2)),
    *(t for p, q in permutations(OPERATORS, 2) for t in (f"(a{p}b){q}c", f"a{p}(b{q}c)")),
)

NUMBER = re.compile(r"[0-9]+")
SIGNED = re.compile(r"-?[0-9]+")
SHAPES = {re.sub(r"[abc]", "n", template) for template in TEMPLATES}

NO_BLANK = re.compile(r"\S")

# Characters, not counting blanks. The corpus has at most 11; the limit keeps the parser's recursion shallow.
LONGEST = 200


def value(text: str, names: Mapping[str, Any] | None = None, signed: bool = False) -> Any:
    """The value of an expression; the closing `=` is optional. Its numbers may have a minus sign if `signed` is true.

    With `names`, the value of a template, also over NumPy arrays: value("a+b", {"a": 1, "b": 2}).
    Raises BadInput with the position (from 1, counting blanks) of the first wrong character.
    """
    if len(text) > LONGEST and (beyond := next(islice(NO_BLANK.finditer(text), LONGEST, None), None)):
        where = f"'{printable(text, 20)}': position {beyond.end()}"
        raise BadInput(f"{where}: too long; at most {LONGEST} characters, not counting blanks")
    return _Parser(text, names or {}, SIGNED if signed else NUMBER).whole()


def without_blanks(text: str) -> str:
    """A well-formed expression as the network reads it. (The malformed `1 2` would become `12`.)"""
    return "".join(text.split())


def longest_answer(operands: int) -> int:
    """The length of the longest answer over 0..operands-1: a product of three, or a negative product of two."""
    top = operands - 1
    return max(len(str(top**3)), len(str(-(top**2))))


class _Parser:
    def __init__(self, text: str, names: Mapping[str, Any], number: re.Pattern[str]):
        self.text, self.names, self.number, self.at = text, names, number, 0

    def whole(self) -> Any:
        value = self.expression()
        if self.peek() == "=":
            self.at += 1
        if self.peek():
            self.fail("an operator, '=' or the end")
        return value

    def expression(self) -> Any:
        value = self.term()
        while (operator := self.peek()) in ("+", "-"):
            self.at += 1
            value = value + self.term() if operator == "+" else value - self.term()
        return value

    def term(self) -> Any:
        value = self.factor()
        while self.peek() == "*":
            self.at += 1
            value = value * self.factor()
        return value

    def factor(self) -> Any:
        name = self.peek()
        if number := self.number.match(self.text, self.at):
            self.at = number.end()
            return int(number[0])
        if name in self.names:
            self.at += 1
            return self.names[name]
        if name != "(":
            self.fail("a number or '('")
        self.at += 1
        value = self.expression()
        if self.peek() != ")":
            self.fail("an operator or ')'")
        self.at += 1
        return value

    def peek(self) -> str:
        """The next non-blank character; moves `at` to it. Empty at the end."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def fail(self, wanted: str) -> None:
        given = repr(self.peek()) if self.peek() else "the end"
        raise BadInput(f"'{printable(self.text)}': position {self.at + 1}: expected {wanted}, found {given}")
