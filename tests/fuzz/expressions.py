"""Random expressions, well-formed or damaged. Python's own parser says which are well-formed, and their value.

'2*(03+4)='  ->  14 from both parsers; '2+-3'  ->  refused: Python has signs, our grammar has none
"""

import ast
import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stages import grammar, predict
from tests.fuzz import mutations
from tests.fuzz.trial import Input

CHARACTERS = "0123456789" * 3 + "+-*()=" * 4 + " .,/^%eE_xj٣²\u2212\xd7😀\0\n\t\x1b\u202e\ud800abc[]'\"\\"


def value(text: str) -> int | None:
    """The value by Python's parser; None unless the text has only numbers, + - *, parentheses and blanks."""
    if len(re.sub(r"\s", "", text)) > 200:
        return None
    text = re.sub(r"\s", " ", text).strip().removesuffix("=").strip()  # Python gives line ends a meaning
    if not re.fullmatch(r"[0-9+*()\- ]+", text):
        return None
    try:
        return _evaluated(ast.parse(re.sub(r"\b0+(?=[0-9])", "", text), mode="eval").body)
    except (SyntaxError, ValueError):
        return None


def _evaluated(node: ast.AST) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left, ast.Add(), right):
            return _evaluated(left) + _evaluated(right)
        case ast.BinOp(left, ast.Sub(), right):
            return _evaluated(left) - _evaluated(right)
        case ast.BinOp(left, ast.Mult(), right):
            return _evaluated(left) * _evaluated(right)
    raise ValueError("not in the grammar")


def expression(rng: random.Random, depth: int = 3) -> str:
    """A well-formed expression, often like those of the corpus."""
    if depth == 0 or rng.random() < 0.3:
        number = str(rng.choice((rng.randrange(10), rng.randrange(50), rng.randrange(10 ** rng.randrange(1, 20)))))
        return rng.choice(("", "", "", "0", "00")) + number
    parts = (expression(rng, depth - 1) for _ in range(rng.choice((2, 2, 3))))
    joined = "".join(part + rng.choice("+-*") for part in parts)[:-1]
    return f"({joined})" if rng.random() < 0.5 else joined


def text(rng: random.Random) -> tuple[str, str]:
    """A text like an expression, well-formed or not, and how it was made."""
    match rng.randrange(8):
        case 0:
            return "".join(rng.choices(CHARACTERS, k=rng.randrange(30))), "characters at random"
        case 1:
            depth = rng.randrange(1, 130)
            return "(" * depth + "1" + ")" * rng.choice((depth, depth, depth - 1)), "nested parentheses"
        case 2:
            return rng.choice(("1+", "9*", "7-", "1")) * rng.randrange(1, 130) + "1", "long"
    whole, done = expression(rng) + rng.choice(("", "=", "==")), []
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(whole))
        match rng.randrange(3):
            case 0:
                whole = whole[:at] + rng.choice(CHARACTERS) + whole[at:]
                done.append("character added")
            case 1:
                whole = whole[:at] + whole[at + 1 :] or "1"
                done.append("character removed")
            case _:
                whole = whole[:at] + rng.choice(CHARACTERS) + whole[at + 1 :]
                done.append("character replaced")
    return whole, mutations.described(done)


def inputs(folder: Path) -> Callable[[random.Random, int], Input]:
    def make(rng: random.Random, number: int) -> Input:
        if rng.random() < 0.05:
            return _several([text(rng)[0] for _ in range(5)])
        one, how = text(rng)
        true = value(one)
        return Input(
            how,
            partial(grammar.evaluate, one),
            lambda found: "" if found == true else f"{one!r} is {true}, not {found}",
            lambda: "" if true is None else f"{one!r} is {true}, and was refused",
        )

    return make


def _several(texts: list[str]) -> Input:
    """Several texts at once, as `predict` reads them: it reports each malformed one in a line and keeps the others."""
    good = [re.sub(r"\s", "", one) for one in texts if value(one) is not None]

    def confirm(found: tuple[list[str], int]) -> str:
        return "" if found == (good, len(texts) - len(good)) else f"{found} of {texts}"

    return Input("five as `predict` reads them", lambda: predict.read(texts, 50), confirm, printed=len(texts))
