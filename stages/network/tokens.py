"""Characters to token ids and back, and batches of them.

source  '7-9='       ->  [9, 13, 11, 17, 0, …]  padded to the table's longest
answer  -2           ->  [13, 4, 1, 0, …]       '-', '2', <eos>
answer  '12*7=84'    ->  its value: the ids of '84', <eos>
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from stages.arithmetic import questions
from stages.arithmetic.scratchpad import SCRATCHPADS
from stages.network import EOS, PAD, TOKENS

Rows = tuple[Tensor, Tensor]  # sources (N, S) and answers (N, T)

# Rows answered per batch: enough to keep the machine busy, few enough for little memory
ANSWERED = 2048

_ID = {token: number for number, token in enumerate(TOKENS) if len(token) == 1}


def encode_table(table: pa.Table, scratchpad: str = "none") -> Rows:
    """Token ids of the table's sources and answers; `scratchpad` is a key of SCRATCHPADS."""
    answers = table[SCRATCHPADS[scratchpad].column]
    return encode_sources(table["src"].to_pylist()), encode_answers(answers.to_pylist())


def encode_steps(table: pa.Table, scratchpad: str) -> Rows:
    """As `encode_table`, but with a row for each step of a network that asks itself: these give its loss."""
    if scratchpad != "questions":
        return encode_table(table, scratchpad)
    return encode_pairs(step for src in table["src"].to_pylist() for step in questions.steps(src.removesuffix("=")))


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> Rows:
    """Token ids of what is read and what is written."""
    read, written = zip(*pairs, strict=True)
    return encode_sources(read), encode_answers(written)


def on(device: torch.device, rows: Rows) -> Rows:
    """The rows on a device."""
    return rows[0].to(device), rows[1].to(device)


def encode_sources(texts: Sequence[str]) -> Tensor:
    """Token ids of well-formed expressions, uint8 (N, longest)."""
    return torch.from_numpy(_encode(texts))


def encode_answers(answers: Iterable[int | str]) -> Tensor:
    """Token ids of answers, decimal or worked, uint8 (N, longest + 1): each ends with `<eos>`."""
    rows = np.pad(_encode([str(answer) for answer in answers]), ((0, 0), (0, 1)))
    rows[np.arange(len(rows)), (rows != PAD).sum(axis=1)] = EOS
    return torch.from_numpy(rows)


def values(ids: Tensor) -> Tensor:
    """The value of each answer (N, T): its tokens behind the last '=', or all of them, padded on the right."""
    places = torch.arange(1, ids.shape[1] + 1, device=ids.device)  # from 1, so that 0 means that there is no '='
    start = ((ids == _ID["="]) * places).amax(dim=1, keepdim=True)  # (N, 1) the place behind it, counted from 0
    shifted = start + places - 1  # (N, T)
    return F.pad(ids, (0, ids.shape[1]), value=PAD).gather(1, shifted)


def decode(ids: Iterable[int]) -> str:
    """The text before the first `<eos>`, or all of it if there is none. A predicted `<pad>` becomes `_`."""
    return "".join("_" if token == PAD else TOKENS[token] for token in takewhile(lambda token: token != EOS, ids))


def widths(ids: Tensor) -> Tensor:
    """The number of real tokens, without padding, in each row of ids (N, T): (N)."""
    return (ids != PAD).sum(dim=1)


def fit(ids: Tensor, width: Tensor | None = None) -> Tensor:
    """The ids without the columns beyond their longest row, as int64, which PyTorch's embedding and loss need."""
    return ids[:, : int(widths(ids).max() if width is None else width)].long()


def padded(ids: Tensor, width: int) -> Tensor:
    """Ids (N, T) padded on the right to `width` columns; wider ids are returned unchanged."""
    return F.pad(ids, (0, max(0, width - ids.shape[1])), value=PAD)


def in_order(rows: int) -> Iterator[slice]:
    """Slices of `ANSWERED` rows; a terminal shows a progress bar after 5 seconds."""
    starts = range(0, rows, ANSWERED)
    for start in tqdm(starts, "answering", unit_scale=ANSWERED, unit="row", delay=5, leave=False, disable=None):
        yield slice(start, start + ANSWERED)


def _encode(texts: Sequence[str]) -> np.ndarray:
    ids = np.zeros(128, np.uint8)  # by ASCII code; NumPy pads short strings with code 0, which maps to PAD
    for character, number in _ID.items():
        ids[ord(character)] = number
    width = max(map(len, texts), default=0)
    codes = np.array(texts, dtype=f"S{max(width, 1)}").view(np.uint8).reshape(len(texts), -1)
    return ids[codes]
