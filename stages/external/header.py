"""The places of `src` and `tgt` among the columns of an external table.

['', 'SRC ', 'note', 'tgt']  ->  [1, 3]
"""

from collections.abc import Sequence

from stages.command import BadInput, shown

COLUMNS = "src", "tgt"
NAMED = 8  # columns that a message names


def places(names: Sequence[str]) -> list[int]:
    """The places of `src` and `tgt`, from 0; raises BadInput if one is missing or duplicate.

    If no column has exactly that name, case and surrounding blanks are ignored.
    """
    if not names:
        raise BadInput("is empty; it must have columns src and tgt")
    alike = [plain(name) for name in names]
    found = [_all(names, wanted) or _all(alike, wanted) for wanted in COLUMNS]
    if missing := [wanted for wanted, at in zip(COLUMNS, found, strict=True) if not at]:
        has = ", ".join(shown(name, 20) for name in names[:NAMED])
        more = f", … and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        raise BadInput(f"no column {' or '.join(missing)}; it has {has}{more}")
    for wanted, at in zip(COLUMNS, found, strict=True):
        if len(at) > 1:
            raise BadInput(f"has {len(at):,} columns {wanted}; keep one")
    return [place for (place,) in found]


def plain(name: str) -> str:
    """A column's name in lower case, without blanks around it."""
    return name.strip("\ufeff").strip().lower()  # two concatenated UTF-8 files have a second byte order mark


def _all(names: Sequence[str], wanted: str) -> list[int]:
    return [place for place, name in enumerate(names) if name == wanted]
