"""Two good rows of somebody else's table, and the cells that are read from a file."""

from pathlib import Path

from stages.external import formats
from stages.external.text import Cells

ROWS = [("3+4=", "7"), ("7-9", "-2")]


def read_rows(path: Path, content: str | bytes | None = None) -> list[Cells | str]:
    """The cells of each row, or what is wrong with it; any content is written to the file first."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(formats.read(path))
