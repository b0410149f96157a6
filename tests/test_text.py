"""CSV and JSON lines as people and programs write them: the cells of `src` and `tgt`."""

import codecs
import gzip
import json

import pytest

from stages.external import text
from tests.external_tables import ROWS, read_rows


@pytest.mark.parametrize(
    "content",
    [
        "src,tgt\n3+4=,7\n7-9,-2\n",
        "src,tgt\n3+4=,7\n7-9,-2",
        "src,tgt\r\n3+4=,7\r\n7-9,-2\r\n",
        "src,tgt\r3+4=,7\r7-9,-2\r",
        "src,tgt\r\n3+4=,7\n7-9,-2\r",
        "\n\nsrc,tgt\n\n3+4=,7\n\n7-9,-2\n\n",
        "\ufeffsrc,tgt\n3+4=,7\n7-9,-2\n",
        "\ufeff\ufeffsrc,tgt\n3+4=,7\n7-9,-2\n",
        "SRC,Tgt\n3+4=,7\n7-9,-2\n",
        " src , tgt \n3+4=, 7\n7-9, -2\n",
        '"src","tgt"\n"3+4=","7"\n"7-9","-2"\n',
        '"src\n", "tgt"\n3+4=, "7"\n7-9, "-2"\n',
        "tgt,note,src\n7,,3+4=\n-2,b,7-9\n",
        ",src,tgt\n0,3+4=,7\n1,7-9,-2\n",
        "src,tgt,\n3+4=,7,\n7-9,-2,\n",
        "src,tgt\n3+4=,7,\n7-9,-2,\n",
        "src,tgt\n3+4=,7,a,b\n7-9,-2,c\n",
        "src;tgt\n3+4=;7\n7-9;-2\n",
        "sep=;\nsrc;tgt\n3+4=;7\n7-9;-2\n",
        "src\ttgt\n3+4=\t7\n7-9\t-2\n",
        "src|tgt\n3+4=|7\n7-9|-2\n",
        "src,SRC,tgt\n3+4=,x,7\n7-9,x,-2\n",
        'src,tgt,note\n3+4=,7,"two\nlines, ""both"" his"\n7-9,-2,\n',
        "src,tgt,né\n3+4=,7,é\n7-9,-2,ß\n".encode("latin-1"),
        "src\ttgt\n3+4=\t7\n7-9\t-2\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "src\ttgt\r\n3+4=\t7\r\n7-9\t-2\r\n".encode("utf-16-be"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.TSV", "a.b.txt"])
def test_csv(name, content, tmp_path):
    assert read_rows(tmp_path / name, content) == ROWS


def test_what_a_field_lacks_is_a_gap(tmp_path):
    assert read_rows(tmp_path / "a.csv", "src,tgt\n3+4=\n,7\n,\n") == [("3+4=", None), ("", "7"), ("", "")]


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ('"3+4=,7\n1+1=,2\n', [('"3+4=', "7"), ("1+1=", "2")]),
        ('"3+4=,7\n"1+1=,2\n2+2=,4\n', [('"3+4=', "7"), ('"1+1=', "2"), ("2+2=", "4")]),
        ('1+1=,"2\n2+2=,4\n', [("1+1=", '"2'), ("2+2=", "4")]),
        ('1+1=,2,"never closed\n2+2=,4,x\n', [("1+1=", "2"), ("2+2=", "4")]),
        ('1+1=,2,"n\n' + "2+2=,4,x\n" * 300, [("1+1=", "2")] + [("2+2=", "4")] * 300),
        ('3+4=,7,"the last row', [("3+4=", "7")]),
        ('3+4=,7,"the last row\n', [("3+4=", "7")]),
        ('"3+4=,7\n2+2=,4,"two\nlines"\n1+1=,2\n', [('"3+4=', "7"), ("2+2=", "4"), ("1+1=", "2")]),
    ],
)
def test_a_quote_that_is_never_closed_swallows_no_row(rows, read, tmp_path):
    assert read_rows(tmp_path / "a.csv", "src,tgt,note\n" + rows) == read


def test_rows_of_json(tmp_path):
    lines = [
        json.dumps({"src": "3+4=", "tgt": 7, "note": [1]}),
        "",
        '{"tgt": -2.0, " SRC ": "7-9"}\r',
        '{"src": null}',
        '{"src": "1", "tgt": true}',
        '{"src": "1", "tgt": NaN}',
        '{"src": "1", "tgt": ' + "9" * 5000 + "}",
        '{"src": ["1"], "tgt": {"a": 1}}',
    ]
    assert read_rows(tmp_path / "a.jsonl", "\ufeff" + "\n".join(lines)) == [
        ("3+4=", "7"),
        ("7-9", "-2.0"),
        (None, None),
        ("1", "True"),
        ("1", "NaN"),
        ("1", "9" * 5000),
        ("['1']", "{'a': '1'}"),
    ]


@pytest.mark.parametrize("line", ["[1]", "7", '{"src": "1', "\0", "[" * 100_000, "x" * 10**6])
def test_a_line_that_is_no_json_object(line, tmp_path):
    (wrong, good) = read_rows(tmp_path / "a.ndjson", line + '\n{"src": "3+4", "tgt": 7}\n')
    assert wrong.endswith(" is not a JSON object")
    assert len(wrong) < 100
    assert good == ("3+4", "7")


def test_a_line_without_an_end_is_cut(tmp_path):
    content = b"src,tgt,note\n3+4=,7," + bytes(5 * text.LONGEST) + b"\n7-9,-2,\n"
    assert read_rows(tmp_path / "a.csv.gz", gzip.compress(content, 1)) == ROWS
