"""Where `src` and `tgt` are among the columns of somebody else's table.

['', 'SRC ', 'note', 'tgt']  ->  [1, 3]
"""

from collections.abc import Sequence

from stages.command import BadInput, shown

COLUMNS = "src", "tgt"
NAMED = 8  # columns that a message names


def places(names: Sequence[str]) -> list[int]:
    """The places of `src` and `tgt`, from 0; raises BadInput where one is missing or is there twice.

    Where no column has the very name, upper case and blanks around it make no difference.
    """
    if not names:
        raise BadInput("is empty; its columns should be src and tgt, among others")
    alike = [plain(name) for name in names]
    found = [_all(names, wanted) or _all(alike, wanted) for wanted in COLUMNS]
    if missing := [wanted for wanted, at in zip(COLUMNS, found, strict=True) if not at]:
        has = ", ".join(shown(name, 20) for name in names[:NAMED])
        more = f", … and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        raise BadInput(f"no column {' and '.join(missing)}; it has {has}{more}")
    for wanted, at in zip(COLUMNS, found, strict=True):
        if len(at) > 1:
            raise BadInput(f"has {len(at):,} columns {wanted}; it should have one")
    return [place for (place,) in found]


def plain(name: str) -> str:
    """A column's name in lower case, without blanks around it."""
    return name.strip("\ufeff").strip().lower()  # two UTF-8 files, one behind the other, have a mark too many


def _all(names: Sequence[str], wanted: str) -> list[int]:
    return [place for place, name in enumerate(names) if name == wanted]
