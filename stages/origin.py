"""Which code decides a study's rows: a short hash of the files, equal in every clone that has the same code.

trainings  ->  '3f0c9a51d2e4', of stages/generate.py, …, stages/train.py, stages/network/*.py, …
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from stages.sources import given

STAGES = Path(__file__).parent

# The stages that a study's kind depends on, with the nouns they import, and the modules that compute the row
_ROWS = (
    *("generate", "subset", "sample"),
    *(
        "__init__",
        "choices",
        "command",
        "document",
        "files",
        "grammar",
        "params",
        "parent",
        "seal",
        "sources",
        "wording",
    ),
)
_TRAINED = (
    *_ROWS,
    *("train", "evaluate", "model_file", "places", "tokens", "network/*"),
)
CODE = {
    "trainings": (*_TRAINED, "lab/dvc", "lab/queue", "lab/trained"),
    "answers": (*_TRAINED, "lab/answers"),
    "shift": (*_ROWS, "lab/answers", "lab/shift"),
}


def files(kind: str) -> Iterator[Path]:
    """The source files that decide the rows of a study of this kind."""
    for name in CODE[kind]:
        yield from sorted(STAGES.glob(f"{name}.py"))


def fingerprint(kind: str) -> str:
    """12 hex digits of the SHA-256 of those files; line endings, which git may translate, do not count."""
    digest = hashlib.sha256()
    for path in files(kind):
        content = given(path).read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(STAGES).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]
