"""Every expression of the corpus, in a fixed order: template by template, operands counting up.

template 'a*(b+c)', operands 12, 3, 4  ->  src '12*(3+4)=', tgt 84, steps '12*7=84'
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stages.arithmetic import grammar, scratchpad
from stages.common import params, tables
from stages.common.command import one_line

# Rows per batch. Memory use does not grow with the corpus.
BATCH = 2**17


def generate(operands: int) -> Iterator[pa.RecordBatch]:
    """The corpus over operands 0..operands-1, in batches of at most `BATCH` rows."""
    for index, template in enumerate(grammar.TEMPLATES):
        rows = operands ** sum(letter in template for letter in "abc")
        for start in range(0, rows, BATCH):
            yield _batch(index, np.arange(start, min(start + BATCH, rows)), operands)


def _batch(index: int, numbers: np.ndarray, operands: int) -> pa.RecordBatch:
    """The rows of one template with these numbers; the digits of a number in base `operands` are a, b, c."""
    template = grammar.TEMPLATES[index]
    letters = [letter for letter in "abc" if letter in template]
    digits = np.unravel_index(numbers, [operands] * len(letters))
    values = {letter: digit.astype(np.int32) for letter, digit in zip(letters, digits, strict=True)}
    written = pa.array([str(n) for n in range(operands)])
    parts = [written.take(pa.array(values[mark])) if mark in values else mark for mark in template]
    columns = {
        "src": pc.binary_join_element_wise(*parts, "=", ""),
        "tgt": pa.array(grammar.value(template, values)),
        "steps": scratchpad.steps(template, values),
        "template": pa.DictionaryArray.from_arrays(np.full(len(numbers), index, np.int32), list(grammar.TEMPLATES)),
    }
    for letter in "abc":
        if letter in values:
            columns[letter] = pa.array(values[letter].astype(np.int16))
        else:
            columns[letter] = pa.nulls(len(numbers), pa.int16())
    return pa.RecordBatch.from_pydict(columns, schema=tables.EXPRESSIONS)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write every expression of the corpus with its answer.")
    parser.add_argument("params", type=Path)
    parser.add_argument("corpus", type=Path, help="Parquet file to write")
    args = parser.parse_args()

    operands = params.read(args.params).corpus.operands
    with tables.outputs(args.corpus) as [draft], tables.writer(draft, tables.EXPRESSIONS) as out:
        for batch in generate(operands):
            out.write_batch(batch)


if __name__ == "__main__":
    with one_line("generate"):
        main()
