"""A YAML file as plain values: dict, list, str, int, float, bool and None.

lr: 1e-05
corpus: {operands: 50}  ->  {"lr": 1e-05, "corpus": {"operands": 50}}

Longer than other modules: one class walks the parser's events and raises each error where it finds it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from stages import wording
from stages.command import BadInput

# Handwritten files stay far below these limits, which bound the time and memory that a hostile file can take.
LARGEST = 256 * 1024  # bytes
DEEPEST = 20  # levels of nested lists and mappings
MOST = 20_000  # keys and values, counted again for each alias
LONGEST = 100  # characters in a number

TAG = "tag:yaml.org,2002:"
KINDS = {"bool": "true or false", "int": "a whole number", "float": "a number"}
HALVES = re.compile("[\ud800-\udfff]")  # lone surrogates: an escape can name them, UTF-8 cannot encode them


def read(path: Path) -> dict:
    """The keys and values of a YAML 1.2 file, as DVC reads them; {} for an empty file.

    Raises BadInput unless the file is one document of plain values with text keys. Time and memory are bounded.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise BadInput(f"{path}: must be at most {LARGEST // 1024} KiB")
    try:
        found = _Document(path, content.decode("utf-8-sig")).value()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}: line {line}: not UTF-8; save the file as UTF-8") from error
    if not isinstance(found, dict | None):
        raise BadInput(f"{path}: must hold keys and values, such as `lr: 0.001` (found {wording.shown(found)})")
    return found or {}


class _Document:
    """Builds the values event by event, so that a file over a limit is refused before it fills the memory."""

    def __init__(self, path: Path, text: str):
        self.path, self.text, self.left = path, text, MOST
        self.yaml = YAML(typ="safe", pure=True)  # only the pure parser reads YAML 1.2, where 1e-05 is a number
        self.events = self._parsed()
        self.anchors: dict[str, tuple[Any, int]] = {}  # value, and its count of keys and values

    def value(self) -> Any:
        found, documents = None, 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fail(event, "a second document begins (---); keep only one")
                self._version(event, event.version)
            elif isinstance(event, NodeEvent):
                found = self._node(event, 0)
        return found

    def _parsed(self) -> Iterator[Event]:
        """The parser's events; raises BadInput where the text is not YAML."""
        try:
            yield from self.yaml.parse(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            hint = "; indent with spaces, not tabs" if "'\\t'" in error.problem else ""
            self._wrong(mark.line, f"not YAML: {wording.line(error.problem)}{hint}")
        except ReaderError as error:
            line = self.text.count("\n", 0, error.position)
            self._wrong(line, f"not YAML: the character {chr(error.character)!a} is not allowed")
        except ValueError:
            self._wrong(self.yaml.reader.line, "not YAML: \\U must be followed by a code point below 00110000")

    def _nodes(self) -> Iterator[NodeEvent]:
        """The nodes of the current list or mapping; its end is the first event that is not a node."""
        while isinstance(event := next(self.events), NodeEvent):
            yield event

    def _node(self, event: NodeEvent, depth: int) -> Any:
        before = self.left
        self._take(event, 1)
        if depth > DEEPEST:
            self._fail(event, f"lists and mappings must be nested at most {DEEPEST} deep")
        match event:
            case AliasEvent():
                if event.anchor not in self.anchors:
                    self._fail(event, f"*{wording.key(event.anchor)}: no anchor with this name above")
                value, size = self.anchors[event.anchor]
                self._take(event, size)
                return value
            case ScalarEvent():
                value = self._scalar(event)
            case MappingStartEvent():
                self._untagged(event, "map")
                value = self._mapping(depth + 1)
            case SequenceStartEvent():
                self._untagged(event, "seq")
                value = [self._node(one, depth + 1) for one in self._nodes()]
        if event.anchor:
            self.anchors[event.anchor] = value, before - self.left
        return value

    def _mapping(self, depth: int) -> dict:
        own, merged = {}, None
        nodes = self._nodes()
        for event in nodes:
            if isinstance(event, ScalarEvent) and self._tag(event) == "merge":
                if merged is not None:
                    self._fail(event, "<<: duplicate key; keep one, which may be a list")
                merged = self._merged(next(nodes), depth)
                continue
            key = self._node(event, depth)
            if not isinstance(key, str):
                self._fail(event, f"a key must be text; use quotes if needed (found {wording.shown(key)})")
            if key in own:
                self._fail(event, f"{wording.key(key)}: duplicate key; keep one")
            own[key] = self._node(next(nodes), depth)
        return (merged or {}) | own

    def _merged(self, event: NodeEvent, depth: int) -> dict:
        value = self._node(event, depth)
        found: dict = {}
        for one in reversed(value if isinstance(value, list) else [value]):  # the first mapping wins
            if not isinstance(one, dict):
                self._fail(event, f"<<: must be keys and values to merge (found {wording.shown(one)})")
            found |= one
        return found

    def _scalar(self, event: ScalarEvent) -> Any:
        text = event.value
        match kind := self._tag(event):
            case "str":
                if HALVES.search(text):
                    self._fail(
                        event, f"must be text; \\ud800 to \\udfff are not characters (found {wording.shown(text)})"
                    )
                return text
            case "null":
                return None
            case "int" | "float" | "bool":
                if len(text) > LONGEST:
                    self._fail(event, f"a number must have at most {LONGEST} characters (found {len(text):,})")
                try:
                    return getattr(self.yaml.constructor, f"construct_yaml_{kind}")(ScalarNode(event.tag, text))
                except (ValueError, IndexError, KeyError):
                    self._fail(event, f"must be {KINDS[kind]} (found {wording.shown(text)})")
            case "timestamp" | "merge" | "value":
                self._fail(event, f"must be in quotes (found {wording.shown(text)}, which YAML does not read as text)")
        self._fail(event, f"must be a plain value (found the tag {wording.key(kind)})")

    def _version(self, event: Event, version: tuple[int, int] | None) -> None:
        if version not in (None, (1, 2)):
            self._fail(event, "%YAML must be 1.2 or omitted")

    def _tag(self, event: ScalarEvent) -> str:
        self._version(event, self.yaml.scanner.yaml_version)  # the scanner reads ahead: it may have met a later %YAML
        tag = event.tag
        if tag in (None, "!"):
            tag = str(self.yaml.resolver.resolve(ScalarNode, event.value, event.implicit))
        return tag.removeprefix(TAG)

    def _untagged(self, event: CollectionStartEvent, kind: str) -> None:
        if event.tag not in (None, "!", TAG + kind):
            tag = wording.key(event.tag.removeprefix(TAG))
            self._fail(event, f"must be plain keys and values or a list (found the tag {tag})")

    def _take(self, event: Event, size: int) -> None:
        self.left -= size
        if self.left < 0:
            self._fail(event, f"must have at most {MOST:,} keys and values, counting every alias in full")

    def _fail(self, event: Event, what: str) -> NoReturn:
        self._wrong(event.start_mark.line, what)

    def _wrong(self, line: int, what: str) -> NoReturn:
        raise BadInput(f"{self.path}: line {line + 1}: {what}")
