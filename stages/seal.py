"""A checksum inside a Parquet file over the whole file: pages, their headers and the footer.

The footer's metadata has the key `stages-sha256` with 64 hexadecimal digits: the SHA-256 of the file with 64 zeros
in their place. Any Parquet reader can read such a file. Parquet's own checksums cover only the data of pages.
"""

import base64
import hashlib
import mmap
import re
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

KEY = "stages-sha256"
BROKEN = "damaged: its content does not match its checksum; make it again"
BLANK = "0" * 64  # the writer's placeholder for the checksum

# The key as Thrift encodes it in the footer, then a string (0x18) of 64 characters (0x40)
_DIGITS = re.compile(re.escape(KEY.encode()) + rb"\x18\x40([0-9a-f]{64})")


def seal(path: Path) -> None:
    """Replace BLANK in the file by its checksum."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.rfind(KEY.encode())
        found = _DIGITS.match(content, at)
        assert found, "the writer put BLANK there"
        content[found.start(1) : found.end(1)] = _digest(content, found.start(1))


def broken(path: Path) -> bool:
    """Whether the file has a checksum of its own that does not match; files of other programs have none."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.rfind(KEY.encode())
        found = _DIGITS.match(content, at) if at >= 0 else None
        fits = at < 0 or (found and found[1] == _digest(content, found.start(1)))
    return not fits and not _copied(path)


def _copied(path: Path) -> bool:
    """Whether the checksum was copied from another table: PyArrow copies it with the schema's metadata."""
    with suppress(pa.ArrowException, OSError, ValueError):
        metadata = pq.read_metadata(path).metadata or {}
        return KEY.encode() in base64.b64decode(metadata.get(b"ARROW:schema", b""))
    return False


def _digest(content: mmap.mmap, at: int) -> bytes:
    """SHA-256 in hexadecimal digits of the content with BLANK at `at`."""
    with memoryview(content) as view, view[:at] as before, view[at + len(BLANK) :] as behind:
        digest = hashlib.sha256(before)
        digest.update(BLANK.encode())
        digest.update(behind)
    return digest.hexdigest().encode()
