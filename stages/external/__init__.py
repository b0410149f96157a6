"""External tables for `score`: any CSV, JSON lines, Parquet or Feather file with columns `src` and `tgt`.

rows                    each row as an expression with its value, or what is wrong with it
formats, text, header   the cells of every row, by file format; where the two columns are
"""
