"""Somebody else's table, which `score` reads: any CSV, JSON lines, Parquet or Feather with columns `src` and `tgt`.

rows                    each row as an expression with its value, or what is wrong with it
formats, text, header   the cells of every row, by the file's ending; where the two columns are
"""
