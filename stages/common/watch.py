"""The inputs of a stage, and a check that none changed while it ran.

DVC hashes a stage's dependencies after its command has run. Without this check, an edit during a training would be
recorded as if the training had started with it.

lr: 0.002, edited to 0.003 while `train` runs  ->  BadInput('params.yaml changed while the stage ran: lr; run it again')
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages import SOURCE
from stages.common.messages import BadInput, printable, shown

LARGEST = 256 * 1024  # bytes of a YAML file

# By file or folder that the stage has read: how to read it again, and its first content
READ: dict[Path, tuple[Callable[[], dict], dict]] = {}


def document(path: Path) -> dict:
    """The keys and values of a YAML 1.2 file, as DVC reads it; raises BadInput if it is no such file."""
    try:
        content = path.read_bytes()
        if len(content) > LARGEST:
            raise BadInput(f"{path}: must be at most {LARGEST} bytes")
        values = YAML(typ="safe", pure=True).load(content)  # only the pure parser reads 1e-05 as a number
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (YAMLError, ValueError, TypeError, LookupError, RecursionError) as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", error)
        where = f"line {mark.line + 1}: " if mark else ""
        raise BadInput(f"{path}: {where}not YAML: {printable(' '.join(str(problem).split()), 120)}") from error
    if not isinstance(values, dict | None):
        raise BadInput(f"{path}: must hold keys and values, such as `lr: 0.001` (found {shown(values)})")
    return values or {}


def given(text: str | Path) -> Path:
    """The path of a file or folder that a stage reads, remembered for `unchanged`; the `type` of such an argument."""
    path = Path(text)
    READ.setdefault(path, (lambda: _digests(path), _digests(path)))
    return path


def values(path: Path) -> dict:
    """The content of params.yaml. Remembers the values that dvc.yaml lists for the stage; outside DVC, all."""
    raw, names = document(path), _listed()
    READ.setdefault(path, (lambda: _leaves(document(path), names), _leaves(raw, names)))
    return raw


def unchanged() -> None:
    """Raise BadInput naming the first input or module that changed."""
    for path, (look, before) in READ.items():
        if (now := look()) != before:
            raise BadInput(f"{path} changed while the stage ran{_difference(before, now)}; run it again")
    loaded = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    for path, content in SOURCE.items():
        module = path if path.suffix == ".py" else path.parent / "__init__.py"  # a template's package
        if str(module) in loaded and not (path.is_file() and path.read_bytes() == content):
            raise BadInput(f"{os.path.relpath(path)} changed while the stage ran; run it again")


def _digests(path: Path) -> dict[str, bytes]:
    """SHA-256 by relative path: of the file, or of every file in the folder except drafts, as in .dvcignore."""
    files = [file for file in (path, *sorted(path.rglob("*"))) if file.is_file() and file.suffix != ".tmp"]
    return {file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).digest() for file in files}


def _listed() -> list[str] | None:
    """The keys of params.yaml that dvc.yaml lists for the running stage; None if DVC does not run it."""
    name, _, key = os.environ.get("DVC_STAGE", "").rpartition(":")[2].partition("@")  # dvc.yaml:train@full-lstm
    if not name:
        return None
    entry = document(Path("dvc.yaml"))["stages"][name]
    return [listed.replace("${key}", key) for listed in entry.get("do", entry).get("params", [])]


def _leaves(value: Any, names: list[str] | None, path: str = "") -> dict[str, Any]:
    """The values under `names`, or all if it is None, by dotted path."""
    if isinstance(value, dict):
        inner = [_leaves(part, names, f"{path}.{key}".removeprefix(".")) for key, part in value.items()]
        return {leaf: value for leaves in inner for leaf, value in leaves.items()}
    wanted = names is None or any(f"{path}.".startswith(f"{name}.") for name in names)
    return {path: value} if wanted else {}


def _difference(before: dict, now: dict) -> str:
    """The first key, or file of a folder, that differs, as the end of a message."""
    key = next(key for key in before | now if before.get(key, ...) != now.get(key, ...))  # ...: not there
    return "" if key == "." else f": {printable(key)}"
