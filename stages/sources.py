"""Check that no input of a stage changed while it ran, before its outputs replace older ones.

DVC hashes a stage's dependencies after its command has run. Without this check, an edit during a training would be
recorded as if the training had started with it. An edit after the check, while the process exits, is missed.

params.yaml says lr: 0.002; edited to 0.003 while `train` runs
  ->  BadInput('params.yaml changed while the stage ran: lr was 0.002, is 0.003; run it again')
"""

import ast
import hashlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from stages import SOURCE, document, wording
from stages.command import BadInput

STAGES = Path(__file__).parent

# By file or folder that the stage has read: how to read it again, and its first content
READ: dict[Path, tuple[Callable[[], dict], dict]] = {}


def given(text: str | Path) -> Path:
    """The path of a file or folder that a stage reads, remembered for `unchanged`; the `type` of such an argument."""
    path = Path(text)
    READ.setdefault(path, (partial(_digests, path), _digests(path)))
    return path


def values(path: Path) -> dict:
    """The content of params.yaml. Remembers the values that dvc.yaml lists for the stage; outside DVC, all."""
    raw, names = document.read(path), _listed()
    READ.setdefault(path, ((lambda: _leaves(document.read(path), names)), _leaves(raw, names)))
    return raw


def unchanged() -> None:
    """Raise BadInput naming the first input that changed."""
    for path, (look, before) in READ.items():
        try:
            now = look()
        except BadInput as error:
            raise BadInput(f"{path} changed while the stage ran ({error}); fix it and run it again") from error
        if now != before:
            raise BadInput(f"{path} changed while the stage ran{_difference(before, now)}; run it again")
    loaded = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    for path, content in SOURCE.items():
        module = path if path.suffix == ".py" else path.parent / "__init__.py"  # a template's package
        if str(module) in loaded and _content(path) != content:
            raise BadInput(f"{os.path.relpath(path)} changed while the stage ran; run it again")


def code(module: str) -> set[Path]:
    """The files of a module and of all modules of this package that it imports, directly or indirectly."""
    found, left = set(), {STAGES / f"{module}.py"}
    while left:
        found.add(path := left.pop())
        left.add(path.parent / "__init__.py")
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("stages."):
                folder = STAGES.joinpath(*str(node.module).split(".")[1:])
                named = folder.with_suffix(".py"), *(folder / f"{alias.name}.py" for alias in node.names)
                left |= set(filter(Path.is_file, named))
        left -= found
    return found


def _digests(path: Path) -> dict[str, bytes]:
    """SHA-256 by relative path: of the file, or of every file in the folder except drafts; {} for a pipe."""
    found = {}
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file() and file.suffix != ".tmp":  # as in .dvcignore
            try:
                with file.open("rb") as content:
                    found[file.relative_to(path).as_posix()] = hashlib.file_digest(content, "sha256").digest()
            except OSError as error:
                error.filename = str(file)  # a read error does not name the file
                raise
    return found


def _listed() -> list[str] | None:
    """The keys of params.yaml that dvc.yaml lists for the running stage; None if DVC does not run it."""
    name, _, key = os.environ.get("DVC_STAGE", "").rpartition(":")[2].partition("@")  # dvc.yaml:train@full-lstm
    try:
        entry = document.read(Path("dvc.yaml"))["stages"][name]
        return [listed.replace("${key}", key) for listed in entry.get("do", entry).get("params", [])]
    except (BadInput, KeyError, AttributeError):  # no dvc.yaml, or an unknown one: every value counts
        return None


def _leaves(raw: dict, names: list[str] | None) -> dict[str, Any]:
    """The values under `names`, or all if it is None, by dotted path."""
    found = {}
    for path, value in _walk(raw, ""):
        if names is None or any(f"{path}.".startswith(f"{name}.") for name in names):
            found[path] = value
    return found


def _walk(value: Any, path: str) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(path, value)]
    return [leaf for key, inner in value.items() for leaf in _walk(inner, f"{path}.{key}".removeprefix("."))]


def _difference(before: dict, now: dict) -> str:
    """The first value, or file of a folder, that differs, as the end of a message."""
    key = next(key for key in before | now if before.get(key, ...) != now.get(key, ...))  # ...: not there
    if any(isinstance(side.get(key), bytes) for side in (before, now)):
        return "" if key == "." else f": {wording.key(key)}"
    was, new = (wording.shown(side[key]) if key in side else "missing" for side in (before, now))
    return f": {wording.key(key)} was {was}, is {new}"


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
