"""How a message shows keys, values and pydantic's errors: printable, on one line, of bounded length.

{"lr": -1}  ->  "lr: must be greater than 0 (found -1)"
"""

import reprlib
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

LONGEST = 60  # characters of a key or a value
# Our words for each type of pydantic error that params.yaml or studies.yaml can cause
WORDS = {
    "missing": "missing",
    "unexpected_keyword_argument": "unknown key",
    "extra_forbidden": "unknown key",
    "dataclass_type": "must hold keys and values",
    "dict_type": "must hold keys and values",
    "list_type": "must be a list",
    "too_short": "must have {min_length} or more entries",
    "string_type": "must be text; a number needs quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt:.15g}",
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than": "must be less than {lt:.15g}",
    "less_than_equal": "must be at most {le:.15g}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",  # our own words
}
NOTHING_FOUND = "missing", "unexpected_keyword_argument", "extra_forbidden"
SHOWN = str | int | float | list | None  # not dict: a rule about several keys reports their whole mapping

_short = reprlib.Repr()
_short.maxstring = _short.maxother = LONGEST
_short.maxlevel = 1


def first(error: ValidationError) -> str:
    """Pydantic's first error as `key.inner: what is wrong (found …)`."""
    fault = error.errors(include_url=False)[0]
    where, value = fault["loc"], fault["input"]
    if where[-1:] == ("[key]",):  # the key before this mark is wrong; the message shows it as the value
        where = where[:-2]
    what = WORDS.get(fault["type"], "is not allowed").format(**fault.get("ctx", {}))
    message = ": ".join(filter(None, (line(".".join(map(key, where))), what)))
    if fault["type"] in NOTHING_FOUND or (fault["type"] == "value_error" and not isinstance(value, SHOWN)):
        return message
    return f"{message} (found {shown(value)})"


def key(name: object) -> str:
    """A key unchanged, or quoted and escaped if it is long or not printable."""
    text = str(name)
    return text if text.isprintable() and len(text) <= LONGEST else shown(text)


def shown(value: Any) -> str:
    """A value of a YAML file as Python writes it, except `nothing`, `true`, `false` and `keys and values`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "keys and values"
    return _cut(_short.repr(value), LONGEST + 2)


def listed(names: Iterable[str]) -> str:
    """The first ten names and the number of the others: 'lr, seed'; 'none' if there are no names."""
    names = [key(name) for name in names]
    more = [f"{len(names) - 10} more"] if len(names) > 10 else []
    return " and ".join([line(", ".join(names[:10])), *more]) if names else "none"


def line(text: str) -> str:
    """The start of a text as one line: blanks and line ends become one space, unprintable characters are escaped."""
    text = " ".join(text[: 4 * LONGEST].split())
    return _cut("".join(one if one.isprintable() else ascii(one)[1:-1] for one in text), 2 * LONGEST)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
