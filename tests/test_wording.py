"""Messages: no words of pydantic's, one printable line of bounded length, whatever the file contains."""

import copy
import itertools

import pytest
from conftest import ROOT
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from stages.common import messages, params
from stages.studies import design

ODD = [
    *(None, True, -1, 0, 1.5, 10**90, 1e300, float("nan"), float("inf"), "", "x", "a\nb", "\x1b[2J", "x" * 5000),
    *([], [1], [[]], ["x" * 5000] * 9, {}, {"a\nb": 1}, {"x" * 5000: {}}),
]
PYDANTIC = (
    "Input should",
    "Value error",
    "instance of",
    "valid dictionary",
    "valid integer",
    "valid number",
    "at least 1 item",
)


def places(value, where=()):
    """The paths of all values inside a document."""
    yield where
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*where, key))


def spoiled(raw):
    """The document with each of its values changed, or an odd key beside it, one at a time."""
    for where in list(places(raw))[1:]:
        for odd in [*ODD, "left out", "odd key"]:
            copied = copy.deepcopy(raw)
            holder = copied
            for key in where[:-1]:
                holder = holder[key]
            if odd == "left out":
                del holder[where[-1]]
            elif odd == "odd key" and isinstance(holder, dict):
                holder["a\nb" * 50] = 1
            else:
                holder[where[-1]] = odd
            yield copied


def documents(name):
    """params.yaml, or a few studies in a document each: pydantic reads a whole document after each change."""
    raw = YAML(typ="safe", pure=True).load(ROOT / name)
    few = "learning_rate", "transfer", "distribution", "recipe"
    return [raw] if name == "params.yaml" else [{study: raw[study]} for study in few]


@pytest.mark.parametrize(("name", "kind"), [("params.yaml", params.Params), ("studies.yaml", dict[str, design.Study])])
def test_no_words_of_pydantic_reach_a_person(name, kind):
    adapter, types = TypeAdapter(kind), set()
    for raw in itertools.chain(*map(spoiled, documents(name))):
        try:
            adapter.validate_python(params._with_overrides(raw) if kind is params.Params else raw)
        except ValidationError as error:
            said = messages.first(error)
            types.add(error.errors()[0]["type"])
            assert not any(words in said for words in PYDANTIC), said
            assert said.isprintable(), said
            assert len(said) < 300, said
    assert {"missing", "unexpected_keyword_argument", "dataclass_type", "value_error"} <= types <= set(messages.WORDS)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *((None, "nothing"), (True, "true"), (1, "1"), (1e-05, "1e-05"), ("a", "'a'"), ("a\nb", r"'a\nb'")),
        *(({"a": 1}, "keys and values"), ([1, [2]], "[1, [...]]"), (float("nan"), "nan"), ("\x1b", r"'\x1b'")),
    ],
)
def test_how_a_value_is_shown(value, said):
    assert messages.shown(value) == said


def test_a_list_of_names_has_ten_of_them():
    assert messages.listed([]) == "none"
    assert messages.listed(["lr", "a\nb"]) == "lr, 'a\\nb'"
    names = ["a" * size for size in range(1, 13)]
    assert messages.listed(names) == ", ".join(names[:10]) + " and 2 more"


@pytest.mark.parametrize("text", ["a\nb", "a \t b", "x" * 10**6, "\x1b[2J" * 1000, "\u2028\u200b" * 1000])
def test_a_line_is_one_short_line(text):
    assert messages.line(text).isprintable()
    assert len(messages.line(text)) <= 121
