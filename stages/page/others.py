"""What others reached on the same data: trained on nine tenths of the corpus, exact match on the other tenth.

Each by its own account, on a GPU. The tenth that our study holds out is another draw.

OTHERS[1]  ->  Other('LSTM 512, three layers', 'batch 256, 1e-3', 163, ((10, 0.958),))
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Other:
    """`reached` is (epochs, exact match), as far as it was told; `seconds` those of an epoch."""

    name: str
    settings: str
    seconds: float
    reached: tuple[tuple[int, float], ...]


OTHERS = (
    Other(
        "LSTM 1024, next character",
        "two layers, batch 256, Adam 3e-4, clipped at 0.1",
        340,
        ((4, 0.919), (10, 0.989), (20, 0.9948)),
    ),
    Other("LSTM 512, three layers", "batch 256, 1e-3", 163, ((10, 0.958),)),
    Other("LSTM 512, two layers", "batch 256, 1e-3", 122, ((10, 0.946),)),
    Other("GRU 256", "dropout, label smoothing, batch 64, AdamW 5e-4", 283, ((24, 0.931),)),
    Other("LSTM 256", "the course's skeleton, batch 64, 1e-3", 295, ((1, 0.59), (2, 0.67))),
)
