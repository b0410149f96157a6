"""Files written whole or not at all, and tables that are read as they were written or refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.common import tables, watch
from stages.common.messages import BadInput


@pytest.mark.parametrize("change", [True, False])
@pytest.mark.parametrize("error", [None, IndexError(7), BadInput("3 rows"), OSError(28, "full"), KeyboardInterrupt()])
def test_an_error_or_a_changed_input_leaves_the_earlier_files(error, change, tmp_path):
    """A changed input explains an error, but not an interruption."""
    corpus, out, new = tmp_path / "corpus", tmp_path / "out", tmp_path / "folder" / "new"
    corpus.write_text("a corpus")
    out.write_text("earlier")
    watch.given(corpus)
    raised = None
    try:
        with tables.outputs(out, new) as drafts:
            for draft in drafts:
                tables.write_text(draft, "later\n")
            assert out.read_text() == "earlier"
            corpus.write_text("another corpus" if change else "a corpus")
            if error:
                raise error
    except BaseException as ended:
        raised = ended
    if change and not isinstance(error, KeyboardInterrupt):
        assert str(raised) == f"{corpus} changed while the stage ran; run it again"
    else:
        assert raised is error
    assert out.read_bytes() == (b"earlier" if raised else b"later\n")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {corpus, out} | (set() if raised else {new})


ROWS = st.fixed_dictionaries(
    {
        "src": st.text("0123456789+-*()=", min_size=1, max_size=12),
        "tgt": st.integers(-(2**31), 2**31 - 1),
        "steps": st.text(max_size=5),
        "template": st.sampled_from(["a+b", "a*(b+c)"]),
        "a": st.integers(0, 999),
        "b": st.integers(0, 999),
        "c": st.none() | st.integers(0, 999),
    }
)


def table_of(rows):
    return pa.Table.from_pylist(rows, tables.EXPRESSIONS)


@settings(max_examples=200)
@given(st.lists(ROWS, min_size=1, max_size=20))
def test_rows_are_read_as_they_were_written(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "rows.parquet"
    tables.write_table(path, table_of(rows))
    assert tables.read_table(path).to_pylist() == rows
    assert tables.read_table(path).schema == tables.EXPRESSIONS


@pytest.fixture(scope="module")
def good():
    numbers = np.random.default_rng(1).integers(0, 99, (500, 3)).tolist()
    return table_of([{"src": f"{a}+{b}+{c}=", "tgt": a + b + c, "template": "a+b+c"} for a, b, c in numbers])


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_page_is_never_read_as_other_rows(good, tmp_path_factory, data):
    """A page's checksum is of its content; the pages end where the footer begins."""
    path = tmp_path_factory.getbasetemp() / "damaged.parquet"
    tables.write_table(path, good)
    content = bytearray(path.read_bytes())
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    if data.draw(st.booleans(), "cut short"):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, footer - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        rows, line = tables.read_table(path), f"{path}: "
    except BadInput as error:
        rows, line = good, str(error)
    assert rows.equals(good)
    assert line.startswith(f"{path}: ")
    assert line.isprintable()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (tables.EXPRESSIONS.empty_table(), "has no rows"),
        (pa.table({"x": [1]}), "no column 'src' of type string"),
        (pa.table({"src": ["1+2="], "tgt": ["3"]}), "no column 'tgt' of type int32"),
    ],
)
def test_a_table_of_another_kind(table, words, tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(table, path)
    with pytest.raises(BadInput) as error:
        tables.read_table(path)
    assert str(error.value).startswith(f"{path}: ")
    assert words in str(error.value)
