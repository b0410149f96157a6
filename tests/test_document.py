"""A YAML file that is accepted: plain values, exactly as ruamel.yaml reads them."""

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages import document
from stages.command import BadInput


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return document.read(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.yaml"


@pytest.mark.parametrize("name", ["params.yaml", "studies.yaml", "dvc.yaml"])
def test_the_committed_files_are_what_ruamel_makes_of_them(name):
    assert document.read(ROOT / name) == YAML(typ="safe", pure=True).load(ROOT / name)


@pytest.mark.parametrize("text", ["", "null", "~", "# nothing yet\n", "---\n...\n", "{}"])
def test_an_empty_file_has_no_keys(path, text):
    assert read(path, text) == {}


def test_plain_values_as_yaml_1_2_has_them(path):
    text = (
        "{a: 1e-05, b: 010, c: 0o10, d: 1_000, e: -0x1F, f: no, g: True, h: .5, i: .inf, j: '1', k: , l: [1, {m: 2}]}"
    )
    assert read(path, text) == {
        **{"a": 1e-5, "b": 10, "c": 8, "d": 1000, "e": -31, "f": "no", "g": True, "h": 0.5},
        **{"i": float("inf"), "j": "1", "k": None, "l": [1, {"m": 2}]},
    }
    assert read(path, "{a: !!int '5', b: !!float 1, c: !!str 1, d: !!seq [], e: !!map {}}") == {
        **{"a": 5, "b": 1.0, "c": "1", "d": [], "e": {}},
    }


def test_aliases_and_merged_keys(path):
    text = "{a: &a {x: 1, y: 1}, b: *a, c: {y: 2, <<: *a}, d: {<<: [{x: 3}, *a]}, e: &e 1, f: [&e 2, *e]}"
    assert read(path, text) == {
        **{"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 1}, "c": {"x": 1, "y": 2}, "d": {"x": 3, "y": 1}},
        **{"e": 1, "f": [2, 2]},
    }


def test_text_of_any_script_and_windows_line_ends_and_byte_order_mark(path):
    assert read(path, b"\xef\xbb\xbfa: \xc3\xa9\xf0\x9f\x99\x82\r\nb: 1\r\n") == {"a": "é🙂", "b": 1}
    assert read(path, '"a\\nb": "\\e"') == {"a\nb": "\x1b"}


PIECES = st.sampled_from(
    [
        *("a: ", "b: ", "- ", "? ", ": ", "[", "]", "{", "}", ", ", "&a ", "*a", "<<: ", "|\n", ">-\n"),
        *("#", "---\n", "...\n", "\n", "\n  ", "\t", "\r", "\0", "\x85", "\u2028", '"', "'", "\\", "\\x"),
        *("\\ud800", "%YAML 1.1\n", "%TAG ! !\n"),
        *("!!int ", "!!float ", "!!bool ", "!!null ", "!!str ", "!!seq ", "!!map ", "!x ", "! ", "!<", ">"),
        *("1", "0x", "0b", "0o7", "1e5", ".5", ".inf", ".nan", "_", "-", "+", "=", "~", "true", "no"),
        *("2020-01-01", "x", "é"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_what_ruamel_makes_of_it_or_one_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "pieces.yaml"
    try:
        found = read(path, text)
    except BadInput:
        return
    try:
        expected = YAML(typ="safe", pure=True).load(path.read_bytes())
    except YAMLError as error:
        pytest.fail(f"{text!r} is no YAML: {error}")
    assert repr(found) == repr({} if expected is None else expected)  # as text, where nan is nan
