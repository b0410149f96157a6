"""Random changes to a text: lines, characters, values of YAML, encodings.

'lr: 0.001'  ->  b'lr: .inf', 'scalar replaced'
"""

import random
import re
from collections.abc import Callable, Sequence

from tests.fuzz import mutations

# Numbers near a limit, other notations, other types, and texts with a special meaning in YAML
WORDS = r"""
-1 0 999999999999999999999999999999 .nan true ~ null no 1 2 3 7 0.5 -0.0 1e-05 1e400 -1e400 .inf NaN 0x1F 0o17 0b101
1_000 010 1:30 2001-01-01 +5 5. .5 4294967295 4294967296 9007199254740993 8193 1001 all none lstm gru '1' "10" '+' ä ٣
"\0" "\ud800" "\x1b[31m" "\u202e" [] {} << = @a `a` %a 'open "open # *nowhere *x a/b -x
"""
PHRASES = ["", "[1, 2]", "{a: 1}", "!!int 3", "!!float 1", "!!str 4", "!!python/object:os.system x", "!!binary aGk="]
PHRASES += ["!!set {a}", "&x 1", "|\n  text", "? a", "- a", "[1, 2", "{a: 1", "a" * 300, "9" * 120]
SCALARS = WORDS.split() + PHRASES
PIECES = "[", "{a: ", "- ", "? ", "a", "!", "&a ", "# c\n", " \n", "---\n", "%TAG ! tag:x,2000:\n", '"\\x41', "a: 1\n"
LARGE = 200_000  # characters
LINES = (
    *(
        "---",
        "...",
        "--- 1",
        "%YAML 1.1\n---",
        "%YAML 1.2\n---",
        "%YAML 0.83\n---",
        "%TAG ! tag:x,2000:",
        "<<: {lr: 0.5}",
        "<<: [1]",
    ),
    *("lr: 0.5", "seed: 7", "extra: 1", "? [a]\n: 1", "1: 2", "~: 1", "&a b: *a", "\tlr: 1", "a: &a [*a]", "# note"),
    *("z: " + "[" * 60 + "]" * 60, "z: " + "{a: " * 25 + "1" + "}" * 25, "a" * 200 + ": 1", "'a\\nb': 1", '"": 1'),
    "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]",
)
VALUE = re.compile(r"(?<=[:,\[] )[^\s,{}\[\]#]+|(?<=\[)[^\s,{}\[\]#]+")  # after a colon, a comma or a bracket
CHARACTERS = "\0\x01\x07\x1b\x7f\x85\xa0\u2028\u202e\ufeff\ufffe😀é٣:-?[]{}#&*!|>'\"%@`,\t\n \\"


def line_removed(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    del lines[rng.randrange(len(lines))]
    return "".join(lines)


def line_doubled(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return "".join(lines)


def lines_swapped(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def line_added(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    lines.insert(rng.randrange(len(lines) + 1), " " * rng.choice((0, 0, 2)) + rng.choice(LINES) + "\n")
    return "".join(lines)


def line_indented(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = rng.randrange(len(lines))
    lines[at] = rng.choice((" ", "  ", "\t")) + lines[at] if rng.random() < 0.5 else lines[at][1:]
    return "".join(lines)


def character_added(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(CHARACTERS) + text[at:]


def character_removed(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) or 1)
    return text[:at] + text[at + 1 :]


def scalar_replaced(rng: random.Random, text: str) -> str:
    places = list(VALUE.finditer(text))
    return put(text, rng.choice(places), rng.choice(SCALARS)) if places else text


def large(rng: random.Random) -> tuple[bytes, str]:
    """One piece, repeated to LARGE characters."""
    piece = rng.choice(PIECES)
    return (piece * (LARGE // len(piece))).encode(), f"{LARGE:,} characters of {piece.strip()}"


def each(text: str, places: list[re.Match], new: Sequence[str], number: int) -> tuple[bytes, str]:
    """The text with one place replaced. Numbers count through all places with the first new value, then the next."""
    turn, at = divmod(number, len(places))
    value = new[turn % len(new)]
    return put(text, places[at], value).encode(), f"{places[at][0]} replaced by {ascii(value[:20])[1:-1] or 'nothing'}"


def number_replaced(rng: random.Random, text: str) -> str:
    """One number replaced by another, which may be allowed."""
    places = list(re.finditer(r"(?<![\w.])[0-9][0-9.]*(?![\w.])", text))
    new = rng.choice((str(rng.randrange(100)), f"{rng.random():.4f}", f"{rng.random():.2e}", str(rng.randrange(10**6))))
    return put(text, rng.choice(places), new) if places else text


def word_replaced(rng: random.Random, text: str) -> str:
    """One word replaced by another word of the text, so that keys and names appear in other places."""
    places = list(re.finditer(r"[A-Za-z_][\w-]*", text))
    return put(text, rng.choice(places), rng.choice(places)[0]) if places else text


def anchored(rng: random.Random, text: str) -> str:
    """An anchor added to a mapping, and a merge key or an alias to a later one."""
    places = list(re.finditer(r"(?<=: )\{", text))
    if len(places) < 2:
        return text
    one, other = sorted(rng.sample(range(len(places)), 2))
    merge = rng.choice(("{<<: *m, ", "{<<: [*m, {seed: 3}], ", "{<<: *m, <<: *m, ", "{seed: *m, "))
    text = put(text, places[other], merge)
    return put(text, places[one], "&m {")


def put(text: str, place: re.Match, new: str) -> str:
    return text[: place.start()] + new + text[place.end() :]


TEXTS = line_removed, line_doubled, lines_swapped, line_added, line_indented, character_added, character_removed
YAML = *TEXTS, scalar_replaced, scalar_replaced, scalar_replaced, number_replaced, number_replaced, anchored
ENCODINGS = *["utf-8"] * 20, "utf-8-sig", "utf-16", "latin-1", "utf-32"


def text(rng: random.Random, content: str, ways: tuple[Callable, ...], most: int = 3) -> tuple[bytes, str]:
    """The text as bytes after up to `most` changes, and their description. One in twelve also has damaged bytes."""
    done = []
    for way in rng.choices(ways, k=rng.choice((0, *range(1, most + 1), 1, 1))):
        content = way(rng, content)
        done.append(way)
    encoding = rng.choice(ENCODINGS)
    if rng.random() < 0.05:
        content = content.replace("\n", rng.choice(("\r\n", "\r", "\x85")))
        done.append("line ends")
    encoded = content.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")
    if encoding != "utf-8":
        done.append(encoding)
    if encoded and rng.random() < 0.08:
        way = rng.choice(mutations.BYTES)
        encoded = way(rng, encoded)
        done.append(way)
    return encoded, mutations.described(done)
