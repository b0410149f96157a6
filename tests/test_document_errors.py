"""A YAML file that is refused: one line with its place, within seconds whatever the file holds."""

import itertools
import time

import pytest

from stages import document
from stages.common.messages import BadInput

SECONDS = 20  # limit for any file, on a busy machine


def error_of(path, content):
    """What the error says of a file with this content, without the path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    started = time.monotonic()
    with pytest.raises(BadInput) as error:
        document.read(path)
    assert time.monotonic() - started < SECONDS
    said = str(error.value)
    assert said.startswith(f"{path}: ")
    assert said.isprintable()
    said = said.removeprefix(f"{path}: ")
    assert len(said) < 300
    return said


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.yaml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1, 2]", "must hold keys and values, such as `lr: 0.001` (found [1, 2])"),
        ("fast", "must hold keys and values, such as `lr: 0.001` (found 'fast')"),
        ("a: 1\nb: !!int ''", "line 2: must be a whole number (found '')"),
        ("a: !!int '1.5'", "line 1: must be a whole number (found '1.5')"),
        ("a: !!float ''", "line 1: must be a number (found '')"),
        ("a: !!float '-'", "line 1: must be a number (found '-')"),
        ("a: !!bool xx", "line 1: must be true or false (found 'xx')"),
        ("a: 0x_", "line 1: must be a whole number (found '0x_')"),
        ("a: 0x" + "f" * 4000, "line 1: a number must have at most 100 characters (found 4,002)"),
        ("a: " + "9" * 5000, "line 1: a number must have at most 100 characters (found 5,000)"),
        ("a: 1\n\na: 2", "line 3: a: duplicate key; keep one"),
        ('"\\e[2J": 1\n"\\e[2J": 2', "line 2: '\\x1b[2J': duplicate key; keep one"),
        ("1: a", "line 1: a key must be text; use quotes if needed (found 1)"),
        ("null: a", "line 1: a key must be text; use quotes if needed (found nothing)"),
        ("? [a]\n: 1", "line 1: a key must be text; use quotes if needed (found ['a'])"),
        ("? {a: 1}\n: 1", "line 1: a key must be text; use quotes if needed (found keys and values)"),
        ("a:\n\tb: 1", "line 2: not YAML: found character '\\t' that cannot start any token; indent with spaces, "),
        ("a: \0", "line 1: not YAML: the character '\\x00' is not allowed"),
        ("a: [", "line 1: not YAML: "),
        ("a: 'b", "line 1: not YAML: "),
        ("a: b: c", "line 1: not YAML: "),
        ("a: !foo!bar 1", "line 1: not YAML: "),
        ('a: "\\U00110000"', "line 1: not YAML: "),
        ('a: "\\ud800"', "line 1: must be text; "),
        ("%YAML 1.1\n---\na: yes", "line 2: %YAML must be 1.2 or omitted"),
        ("%YAML 9.9\n---\na: yes", "line 1: not YAML: "),
        ("a:\n  - {b: 1, -1e400 {c: 2}}\n%YAML 1.1", "line 2: %YAML must be 1.2 or omitted"),
        ("a:\n  - {b: 1}\n%YAML 0.8394\n---\n", "line 2: %YAML must be 1.2 or omitted"),
        ("a: 1\n---\nb: 1", "line 2: a second document begins (---); keep only one"),
        ("a: 2020-01-01", "line 1: must be in quotes (found '2020-01-01', "),
        ("a: 2020-99-99", "line 1: must be in quotes (found '2020-99-99', "),
        ("a: =", "line 1: must be in quotes (found '=', "),
        ("a: <<", "line 1: must be in quotes (found '<<', "),
        ("<<: 1", "line 1: <<: must be keys and values to merge (found 1)"),
        ("<<: [1]", "line 1: <<: must be keys and values to merge (found 1)"),
        ("<<: {}\n<<: {}", "line 2: <<: duplicate key; "),
        ("a: !!binary aGk=", "line 1: must be a plain value (found the tag binary)"),
        ("a: !x 1", "line 1: must be a plain value (found the tag !x)"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "line 1: must be plain keys and values or a list (found the tag ",
        ),
        ("a: !!set {b}", "line 1: must be plain keys and values or a list (found the tag set)"),
        ("a: !!omap [b: 1]", "line 1: must be plain keys and values or a list (found the tag omap)"),
        ("a: *b", "line 1: *b: no anchor with this name above"),
        ("a: &a [*a]", "line 1: *a: no anchor with this name above"),
        ("a: *" + "b" * 5000, "line 1: *'bbb"),
        ("a: !" + "b" * 5000 + " 1", "line 1: must be a plain value (found the tag '!bbb"),
        ("é: 1".encode("latin-1"), "line 1: not UTF-8; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "line 1: not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: \xff", "line 2: not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_no_plain_document_is_one_line(path, content, said):
    assert error_of(path, content).startswith(said)


def bomb(line):
    """Each entry holds the entry above it nine times: 9^20 values if they were written out."""
    names = "abcdefghijklmnopqrstu"
    lines = [line.format(own=two, nine=", ".join([f"*{one}"] * 9)) for one, two in itertools.pairwise(names)]
    return "\n".join(["a: &a {x: 1}", *lines])


@pytest.mark.parametrize(
    "text",
    [
        *("a: " + "[" * 100_000, "a: " + "{a: " * 50_000, "- " * 100_000, "? " * 100_000),
        "\n".join(" " * depth + "a:" for depth in range(500)),
    ],
)
def test_what_is_too_deep_is_refused_at_once(path, text):
    assert error_of(path, text) in {
        f"line {line}: lists and mappings must be nested at most 20 deep" for line in (1, 21)
    }


@pytest.mark.parametrize(
    "text",
    [
        *(bomb("{own}: &{own} [{nine}]"), bomb("{own}: &{own} {{<<: [{nine}]}}")),
        *("\n".join(f"a{n}: 1" for n in range(15_000)), "a: [" + "0," * 100_000 + "]"),
    ],
)
def test_what_is_too_much_is_refused(path, text):
    assert "must have at most 20,000 keys and values" in error_of(path, text)


def test_a_large_file_is_not_even_read(path):
    with path.open("wb") as file:
        file.truncate(100 * 1024**2)
    with pytest.raises(BadInput, match="must be at most 256 KiB"):
        document.read(path)


def test_no_file(tmp_path):
    for path, words in [(tmp_path / "none.yaml", "no such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(BadInput) as error:
            document.read(path)
        assert str(error.value) == f"{path}: {words}"
