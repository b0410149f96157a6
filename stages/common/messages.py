"""Messages of one line: what is wrong, where, and what would be right.

{"lr": -1}  ->  lr: must be greater than 0 (found -1)
"""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

LONGEST = 60  # characters of a key or a value
# Our words for pydantic's types of error; the others keep pydantic's own
WORDS = {
    **dict.fromkeys(("unexpected_keyword_argument", "extra_forbidden"), "unknown key"),
    **dict.fromkeys(("dataclass_type", "dict_type"), "must hold keys and values"),
    "missing": "missing",
    "string_type": "must be text; a number needs quotes",
    "string_pattern_mismatch": "a name must be 1 to 100 letters, digits, '_' or '-', and not begin with '-'",
    "int_type": "must be a whole number",
}


class BadInput(Exception):
    """Input that a person can fix; the message says what is wrong, where, and what to do."""


def printable(text: str, most: int = LONGEST) -> str:
    """Text for one line of a terminal: control characters escaped, and cut to `most` characters, which '…' ends."""
    characters = text[: most + 1]
    safe = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in characters)
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def shown(value: Any) -> str:
    """A value of a YAML file as Python writes it, except `nothing`, `true`, `false` and `keys and values`."""
    if value is None or isinstance(value, dict):
        return "keys and values" if value else "nothing"
    return str(value).lower() if isinstance(value, bool) else printable(repr(value), LONGEST + 2)  # + 2: quotes


def listed(names: Iterable[str]) -> str:
    """The first ten names and the number of the others: 'lr, seed'; 'none' if there are no names."""
    first, more = [*names][:10], [*names][10:]
    return ", ".join(map(printable, first)) + (f" and {len(more)} more" if more else "") or "none"


def first(error: ValidationError) -> str:
    """Pydantic's first error as `key.inner: what is wrong (found …)`."""
    fault = error.errors(include_url=False)[0]
    kind, where, value = fault["type"], fault["loc"], fault["input"]
    if where[-1:] == ("[key]",):  # the key before this mark is wrong; the message shows it as the value
        where = where[:-2]
    what = WORDS.get(kind) or fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    message = ": ".join(filter(None, (".".join(printable(str(key)) for key in where), " ".join(what.split()))))
    if what in ("missing", "unknown key") or isinstance(value, dict):  # the value of a rule about several keys
        return message
    return f"{message} (found {shown(value)})"
