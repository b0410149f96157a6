"""The rows of the corpus that one dataset's rule keeps, in the corpus' order.

rule {max: 9}:  '7*(3+4)=' is kept, '12*(3+4)=' is dropped
"""

import argparse
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from stages.common import params, tables
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.common.watch import given


def subset(rows: pa.RecordBatch, rule: params.Rule) -> pa.RecordBatch:
    """The rows whose operands are all in min..max and whose `src` has no character of `without`."""
    keep = pa.repeat(True, len(rows))
    for operand in (rows["a"], rows["b"], rows["c"]):
        inside = pc.greater_equal(operand, rule.min)
        if rule.max is not None:
            inside = pc.and_(inside, pc.less_equal(operand, rule.max))
        keep = pc.and_(keep, pc.fill_null(inside, True))  # a missing operand breaks no rule
    if rule.without:
        unwanted = pc.match_substring_regex(rows["src"], f"[{re.escape(rule.without)}]")
        keep = pc.and_not(keep, unwanted)
    return rows.filter(keep)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the rows of the corpus that a dataset's rule keeps.")
    parser.add_argument("params", type=Path)
    parser.add_argument("dataset", help="a name under `datasets` of params.yaml")
    parser.add_argument("corpus", type=given, help="Parquet file to read")
    parser.add_argument("subset", type=Path, help="Parquet file to write")
    args = parser.parse_args()

    _, dataset = params.find(args.params, "datasets", args.dataset)
    rows_left = 0
    with tables.outputs(args.subset) as [draft], tables.writer(draft, tables.EXPRESSIONS) as out:
        for batch in tables.batches(args.corpus):
            rows = subset(batch, dataset.rule)
            rows_left += len(rows)
            if len(rows):
                out.write_batch(rows)
        if not rows_left:
            raise BadInput(f"{args.params}: datasets.{args.dataset}.rule: must keep some rows of {args.corpus}")


if __name__ == "__main__":
    with one_line("subset"):
        main()
