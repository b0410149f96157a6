"""Characters to token ids and back.

source  '7-9='       ->  [9, 13, 11, 17, 0, …]  padded to the table's longest
answer  -2           ->  [13, 4, 1, 0, …]       '-', '2', <eos>
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from stages.command import BadInput
from stages.model_file import EOS, PAD, TOKENS

_ID = {token: number for number, token in enumerate(TOKENS) if len(token) == 1}


def encode_table(table: pa.Table, where: object) -> tuple[Tensor, Tensor]:
    """Token ids of the table's `src` and `tgt`: see `encode_sources` and `encode_answers`.

    Raises BadInput whose message begins with `where`, for example the table's path.
    """
    try:
        return encode_sources(table["src"].to_pylist()), encode_answers(table["tgt"].to_pylist())
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error


def encode_sources(texts: Sequence[str]) -> Tensor:
    """Token ids of expressions, uint8 (N, longest). Raises BadInput for an empty text or a character not in TOKENS."""
    return torch.from_numpy(_encode(texts))


def encode_answers(numbers: Iterable[int]) -> Tensor:
    """Token ids of decimal answers, uint8 (N, longest + 1): each ends with `<eos>`."""
    rows = np.pad(_encode([str(number) for number in numbers]), ((0, 0), (0, 1)))
    rows[np.arange(len(rows)), (rows != PAD).sum(axis=1)] = EOS
    return torch.from_numpy(rows)


def decode(ids: Iterable[int]) -> str:
    """The text before the first `<eos>`, or all of it if there is none. A predicted `<pad>` becomes `_`."""
    text = []
    for token in ids:
        if token == EOS:
            break
        text.append("_" if token == PAD else TOKENS[token])
    return "".join(text)


def _encode(texts: Sequence[str]) -> np.ndarray:
    unknown = set().union(*texts) - _ID.keys()
    if unknown:
        character = min(unknown)
        text = next(text for text in texts if character in text)
        raise BadInput(f"unknown character {character!r} in {text[:40]!r}; use only {''.join(_ID)}")
    if not all(texts):
        raise BadInput("an expression is empty; it must contain at least '='")
    ids = np.zeros(128, np.uint8)  # by ASCII code; NumPy pads short strings with code 0, which maps to PAD
    for character, number in _ID.items():
        ids[ord(character)] = number
    width = max(map(len, texts), default=0)
    codes = np.array(texts, dtype=f"S{max(width, 1)}").view(np.uint8).reshape(len(texts), -1)
    return ids[codes]
