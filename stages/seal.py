"""A checksum inside a Parquet file over all of the file: pages, their headers and the footer.

The footer's metadata has the key `stages-sha256` with 64 hexadecimal digits: the SHA-256 of the file with 64 zeros
in their place. Every reader of Parquet reads such a file; Parquet's own checksums cover the data of pages only.
"""

import hashlib
import mmap
import re
from pathlib import Path

KEY = "stages-sha256"
BROKEN = "damaged: its content does not have the checksum it names; make it again"
BLANK = "0" * 64  # what a writer puts there first

# The key as Thrift has it in a footer, then a string (0x18) of 64 characters (0x40)
_DIGITS = re.compile(re.escape(KEY.encode()) + rb"\x18\x40([0-9a-f]{64})")


def seal(path: Path) -> None:
    """Put the checksum in the place of BLANK."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.rfind(KEY.encode())
        start, end = _DIGITS.match(content, at).span(1)
        content[start:end] = _digest(content, start)


def broken(path: Path) -> bool:
    """Whether the file has a checksum that does not fit; files of others have none."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.rfind(KEY.encode())
        found = _DIGITS.match(content, at) if at >= 0 else None
        return at >= 0 and not (found and found[1] == _digest(content, found.start(1)))


def _digest(content: mmap.mmap, at: int) -> bytes:
    """SHA-256 in hexadecimal digits of the content with BLANK at `at`."""
    with memoryview(content) as view, view[:at] as before, view[at + len(BLANK) :] as behind:
        digest = hashlib.sha256(before)
        digest.update(BLANK.encode())
        digest.update(behind)
    return digest.hexdigest().encode()
