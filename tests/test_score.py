"""`score`: somebody else's tables in the formats that people have, what is wrong with a row, and the lines printed."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import struct
import zipfile
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import samples, stage
from pyarrow import feather

from stages import score
from stages.common.messages import BadInput
from stages.network import scores, tokens, weights
from tests.networks import constant

GOOD = [("3+4=", 7), ("7-9=", -2)]
TABLE = pa.table({"src": ["3+4=", "7-9"], "tgt": [7, -2]})
CSV, LINES = "src,tgt\n3+4=,7\n7-9,-2\n", '{"src":"3+4=","tgt":7}\n{"src":"7-9","tgt":-2.0}\n'


def judged(path, content=None):
    """Each row's expression and value, or what is wrong with it; any content is written to the file first."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    rows = []
    for cells in score.read(path):
        try:
            rows.append(score.judge(*cells))
        except BadInput as error:
            rows.append(str(error))
    return rows


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.TXT", CSV.removesuffix("\n").replace("\n", "\r\n\r\n")),
        ("a.csv", f"\ufeff{CSV}"),
        ("a.csv", " SRC , Tgt \n3 + 4=, 7.0\n7-9, -2\n"),
        ("a.csv", '"src","tgt"\n"3+4=","7"\n"7-9","-2"\n'),
        ("a.csv", "src;tgt\n3+4=;7,0\n7-9;-2,00\n"),
        ("a.csv", ",tgt,note,src,\n0,7,,3+4=,\n1,-2,b,7-9,\n"),
        ("a.csv", 'src,tgt,note\n3+4=,7,"two\nlines, ""both"" his",too,many\n7-9,-2\n'),
        ("a.csv", "src,tgt,né\n3+4=,7,é\n7-9,-2,ß\n".encode("latin-1")),
        ("a.tsv", CSV.replace(",", "\t").encode("utf-16")),
        ("a.b.tsv", codecs.BOM_UTF16_BE + CSV.replace(",", "\t").encode("utf-16-be")),
        ("a.jsonl", LINES),
        ("a.ndjson", LINES.replace("\n", "\r\n\r\n")),
        ("a.json", '\ufeff{"tgt": "7", " SRC ": "3+4", "note": [1]}\n{"src": "7-9=", "tgt": -2}'),
    ],
)
def test_text_as_people_and_programs_write_it(name, content, tmp_path):
    assert judged(tmp_path / name, content) == GOOD


def test_bad_rows_of_text(tmp_path):
    gaps = ["tgt of '3+4=' is empty", "src is empty", "src is empty", ("1+1=", 2)]
    assert judged(tmp_path / "a.csv", "src,tgt\n3+4=\n,7\n,\n1+1,2\n") == gaps
    lines = '{"src": "3+4="}', '{"src": null, "tgt": 7}', "{}", '{"src": "1+1", "tgt": 2}', "[7]", "7", '{"src": "3'
    assert judged(tmp_path / "a.jsonl", "\n".join(lines)) == [
        *gaps,
        "'[7]': position 1: expected a number or '(', found '['",
        "tgt of '7' is empty",
        "'{\"src\": \"3': position 1: expected a number or '(', found '{'",
    ]


def zipped(content, files=1):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            archive.writestr(f"{number}.csv", content)
    return memory.getvalue()


COMPRESS = {
    "gz": gzip.compress,
    "BZ2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pa.compress(content, "zstd", asbytes=True),
    "zip": zipped,
}


@pytest.mark.parametrize("ending", COMPRESS)
def test_compressed_text_whole_and_cut_off(ending, tmp_path):
    path, compress = tmp_path / f"a.csv.{ending}", COMPRESS[ending]
    assert judged(path, compress(CSV.encode())) == GOOD
    assert judged(tmp_path / f"a.jsonl.{ending}", compress(LINES.encode())) == GOOD
    if ending != "zip":  # the output of `cat` and of compressors that work in parallel
        assert judged(path, compress(CSV.encode()) + compress(b"1+1,2\n")) == [*GOOD, ("1+1=", 2)]
    with pytest.raises(BadInput, match=r"cannot be read as \.csv \("):
        judged(path, compress(CSV.encode() * 99)[:-9])


COLUMNS = {
    "16 bits": (pa.array([7, None], pa.int16()), (None, "")),
    "floats": (pa.array([7.0, -2.5]), (None, "'7-9' is -2, not -2.5")),
    "decimals": (pa.array([Decimal("7.00"), None], pa.decimal128(9, 2)), (None, "")),
    "booleans": (pa.array([True, False]), ("'3+4=' is 7, not True", "'7-9' is -2, not False")),
    "large text": (pa.array(["7", None], pa.large_string()), (None, "")),
    "views": (pa.array(["7", None], pa.string_view()), (None, "")),
    "bytes": (pa.array([b"7", b"\xff"]), (None, "'7-9' is -2, not \ufffd")),
    "categories": (pa.array([7, -2]).dictionary_encode(), (None, None)),
    "lists": (pa.array([[7, 8], []]), ("'3+4=' is 7, not [7, 8]", "'7-9' is -2, not []")),
}


@pytest.mark.parametrize(("ending", "write"), [("PQ", pq.write_table), ("feather", feather.write_feather)])
@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_of_any_type(kind, ending, write, tmp_path):
    """None stands for a row without error, '' for a gap."""
    values, wrong = COLUMNS[kind]
    write(pa.table({"tgt": values, "Src": TABLE["src"], "other": [[1], [2]]}), tmp_path / f"a.{ending}")
    rows = zip(GOOD, wrong, ["3+4=", "7-9"], strict=True)
    expected = [good if reason is None else reason or f"tgt of '{src}' is empty" for good, reason, src in rows]
    assert judged(tmp_path / f"a.{ending}") == expected


def test_what_other_programs_write(tmp_path):
    """V2 pages with DELTA encodings (DuckDB), dictionaries of views (polars), an index (pandas), Arrow's streams."""
    path = tmp_path / "a.parquet"
    encodings = {"src": "DELTA_BYTE_ARRAY", "tgt": "DELTA_BINARY_PACKED"}
    pq.write_table(TABLE, path, data_page_version="2.0", use_dictionary=False, column_encoding=encodings)
    assert judged(path) == GOOD
    TABLE.to_pandas().set_index("src").to_parquet(path)
    assert judged(path) == GOOD
    views = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), TABLE["src"].cast(pa.string_view()).chunk(0))
    table, path = TABLE.set_column(0, "src", views), tmp_path / "a.arrow"
    for write in (pa.ipc.new_file, pa.ipc.new_stream):
        with pa.OSFile(str(path), "wb") as file, write(file, table.schema) as out:
            out.write_table(table)
        assert judged(path) == GOOD


def test_a_folder_of_parquet_files(tmp_path):
    """Spark's, with its marks of success and its checksums."""
    folder = tmp_path / "a.parquet"
    for inside in ("part-0", "part-1", "_temporary/part-2", ".part-3"):
        (folder / inside).parent.mkdir(exist_ok=True, parents=True)
        pq.write_table(TABLE, folder / f"{inside}.parquet")
    (folder / "_SUCCESS").touch()
    (folder / ".part-0.parquet.crc").write_bytes(b"crc\0")
    assert judged(folder) == GOOD * 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        *((f"a{ending}", None, "no such file") for ending in (".csv", ".parquet", ".arrow", ".csv.zip")),
        *((f"a{ending}", b"", "unknown file ending; use .csv, ") for ending in ("", ".xlsx", ".parquet.gz")),
        ("a.csv", b"", "no column src or tgt; it has none"),
        ("a.csv", b"3+4=,7\n", "no column src or tgt; it has 3+4=, 7"),
        ("a.csv", b"Input,tgt\n", "no column src; it has Input, tgt; rename input to src"),
        ("a.jsonl", b'{"question": "1+1", "answer": 2}', "; rename question to src and answer to tgt"),
        ("a.json", b'{"src": "1+1", "output": 2}', "no column tgt; it has src, output; rename output to tgt"),
        ("a.csv", b"PAR1\x00\x1b[2J", r"no column src or tgt; it has PAR1\x00\x1b[2J"),
        ("a.csv", b"Tgt,src,TGT\n", "has 2 columns tgt; keep one"),
        ("a.csv", CSV.encode() + b'1+1,"2\n', "cannot be read as .csv (unexpected end of data)"),
        *((f"a.csv.{ending}", CSV.encode(), "cannot be read as .csv (") for ending in COMPRESS),
        ("a.csv.zip", zipped(CSV, 2), "contains 2 files; must contain one"),
        *((f"a{ending}", b"1,2", f"cannot be read as {ending} (") for ending in (".parquet", ".arrow", ".feather")),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(name, content, words, tmp_path):
    with pytest.raises(BadInput) as error:
        judged(tmp_path / name, content)
    message = str(error.value)
    assert message.startswith(f"{tmp_path / name}: ")
    assert words in message
    assert len(message) < len(str(tmp_path)) + 200


def test_a_zip_with_a_password_is_one_line(tmp_path):
    secret = zipped(CSV).replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1")  # flags of a ZIP archive
    with pytest.raises(BadInput, match=r"cannot be read as \.csv \(.*encrypted"):
        judged(tmp_path / "a.csv.zip", secret)


def test_damaged_files(tmp_path):
    """A flipped bit in a page; an offset that points outside of the table's memory."""
    path, table = tmp_path / "a.parquet", pa.table({"src": [f"{n}+1" for n in range(999)], "tgt": range(1, 1000)})
    pq.write_table(table, path, compression="none", use_dictionary=False, write_page_checksum=True)
    content = path.read_bytes()
    for damaged, reason in ((content.replace(b"777+1", b"677+1"), ".*CRC"), (content[:-9], "Parquet magic bytes")):
        with pytest.raises(BadInput, match=rf"cannot be read as \.parquet \({reason}"):
            judged(path, damaged)
    path = tmp_path / "a.feather"
    feather.write_feather(TABLE, path, compression="uncompressed")
    content, offsets = path.read_bytes(), struct.pack("<3i", 0, 4, 7)
    assert content.count(offsets) == 1
    for damaged in (content.replace(offsets, struct.pack("<3i", 0, 2**30, 2**30 + 7)), content[: len(content) // 2]):
        with pytest.raises(BadInput, match=r"cannot be read as \.feather \("):
            judged(path, damaged)


NUMBERS = {
    "84": ["84", "+84", "084", "84.", "84.0", "84,0", "8.4e1", "840E-1", "\uff18\uff14"],
    "1200": ["1,200", "1 200", "1\u00a0200", "1\u202f200", "1'200.00", "1.2e+03"],
    "-2": ["\u22122", "-2.0"],
    "1.2": ["1.200"],
    "NaN": [
        *("", "nan", "inf", "True", "2020-01-02", "0x54", "8_4", "84%", "one", "84=", "7\n7", "1,2,3", "12,34,567"),
        *("84 .0", "- 2", "--2", ".", "e1", "1e99999", "8" * 201, "\u00b2"),
    ],
}


@pytest.mark.parametrize(("number", "text"), [(number, text) for number, texts in NUMBERS.items() for text in texts])
def test_numbers_as_people_write_them(number, text):
    assert score.number(text) == (None if number == "NaN" else Decimal(number))


@pytest.mark.parametrize(
    ("src", "tgt", "wrong"),
    [
        (" 3 + 4 5", "48", "' 3 + 4 5': position 8: expected an operator, '=' or the end, found '5'"),
        ("\x1b[2J", "7", r"'\x1b[2J': position 1: expected a number or '(', found '\x1b'"),
        ("3+4", "\x1b[2J", r"'3+4' is 7, not \x1b[2J"),
        ("3+4", "9" * 10**5, "'3+4' is 7, not 9999999999999999999…"),
    ],
)
def test_what_is_wrong_with_a_row(src, tgt, wrong):
    with pytest.raises(BadInput) as error:
        score.judge(src, tgt)
    assert str(error.value) == wrong


def test_template():
    templates = {"12*(3+4)=": "a*(b+c)", "7-9=": "a-b", "1*2*3*4=": "other", "(1+2)+3=": "other", "5=": "other"}
    assert {src: score.template(src) for src in templates} == templates


@pytest.fixture
def model(tmp_path):
    """A network for operands 0..11 that answers 7 to everything."""
    path, history = tmp_path / "model.safetensors", [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
    weights.save(path, weights.Trained("small-lstm", constant("7"), 12, history))
    return path


def scored(model, name, content):
    (path := model.parent / name).write_text(content)
    return path, stage("score", model, path)


def test_the_lines_that_are_printed(model):
    rows = "".join(f"{src},{eval(src)}\n" for src in ("3+4", "9-2", "1+1", "11+0", "12+1", "1+2+3+4"))
    path, done = scored(model, "mine.csv", "src,tgt\n" + rows + "\x1b[2J,1\n" * 1234)
    lines = done.stdout.splitlines()
    reason = r"'\x1b[2J': position 1: expected a number or '(', found '\x1b'"
    assert lines[:10] == [f"{path}: row {number}: {reason}" for number in range(7, 17)]
    assert lines[10:13] == [
        f"{path}: … and 1,224 more",
        "the network never saw an operand above 11 (rows: 1), an expression of this shape (rows: 1)",
        "exact match 0.333333 of 6 rows; bad rows skipped: 1,234",
    ]
    assert re.fullmatch(r"[\d,]+ rows/s", lines[13])
    assert lines[14:] == ["a+b       0.250000 of 4", "a-b       1.000000 of 1", "other     0.000000 of 1"]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_long_table_is_scored_in_parts(model, monkeypatch):
    rows = "".join(f"{a}{sign}{b},{eval(f'{a}{sign}{b}')}\n" for a in range(12) for b in range(12) for sign in "+-")
    monkeypatch.setattr(score, "PART", 7)
    path, done = scored(model, "mine.csv", f"src,tgt\n{rows}1+1,3\n")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{path}: row 289: '1+1' is 2, not 3"
    assert lines[-2:] == [f"a+b       {8 / 144:.6f} of 144", f"a-b       {5 / 144:.6f} of 144"]


def test_a_scratchpad_s_value_is_scored(monkeypatch):
    """Not the whole work that the network writes."""
    written = tokens.encode_answers(["12*7=84", "-2", "4+5=10"])
    monkeypatch.setattr(scores, "decode", lambda *_: (written, torch.ones(3)))
    monkeypatch.setattr(score, "read", lambda _: [("12*(3+4)", "84"), ("7-9", "-2"), ("4+5", "9")])
    network = weights.Trained("r", constant("7"), 50, [{}], "steps")
    first, *_ = score.score(network, "model", "mine.csv", torch.device("cpu"))
    assert first == "exact match 0.666667 of 3 rows; bad rows skipped: 0"


def test_a_table_without_a_good_row(model):
    for content, words in ((CSV[:8], "the table is empty"), (CSV[:8] + "1+1,3\n" * 9, "row 1: '1+1' is 2, not 3")):
        path, done = scored(model, "mine.csv", content)
        expected = f"score: {path}: no row can be scored; {words}\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


def test_a_network_that_gives_nan_scores_nothing(model):
    trained = weights.load(model)
    with torch.no_grad():
        trained.model.head[2].bias[3] = torch.nan
    weights.save(model, trained)
    path, done = scored(model, "mine.csv", CSV)
    expected = f"{model}: its probability of an answer to {path} is nan; train it again with a smaller lr"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"score: {expected}\n")


@pytest.mark.parametrize("run", ["small-lstm", "small-gru"])
def test_exact_match_equals_the_run_s_own(run, finished):
    path = samples(finished, "small")[1]
    done = stage("score", finished / "models" / f"{run}.safetensors", path)
    correct = pd.read_parquet(finished / "predictions" / f"{run}.parquet")["correct"]
    assert done.stdout.startswith(f"exact match {correct.mean():.6f} of {len(correct)} rows; bad rows skipped: 0\n")
    assert done.returncode == 0
