"""A training's film: the network's answers to the same questions at fixed moments. The page plays it.

epoch 0.5, held_out '12*(3+4)='  ->  predicted '90', wrong, probability 0.02
"""

import math

import numpy as np
import pyarrow as pa
from torch import Tensor

from stages.network import FILM, scores, tokens
from stages.network.weights import Trained

HELD_OUT = "held_out"  # some held-out expressions, asked after every epoch
PRODUCTS = "a*b"  # every a*b, asked after few epochs
COUNT = 24  # of held-out expressions
DOUBLED, THEN = (1, 2, 4, 8, 16), 25  # the epochs after which every a*b is asked; then every 25th
LARGE = 200_000  # training rows. With more, most is learned in the first epoch: both are asked within it too
WITHIN = 64, 32, 16, 8, 4, 2  # parts of that epoch
SAMPLES = 3  # answers shown beside an epoch's line

Frame = tuple[float, str, Tensor, Tensor]  # epoch, questions (n), answers (n, steps) and their probabilities (n)


class Film:
    """Asks the network of a training, and keeps its answers in `frames`, which a checkpoint holds too."""

    def __init__(self, trained: Trained, held_out: pa.Table, seed: int, frames: list[Frame]):
        self.trained, self.frames = trained, frames
        chosen = np.random.default_rng(seed).permutation(len(held_out))[:COUNT]
        self.rows = {HELD_OUT: held_out.take(chosen), PRODUCTS: scores.products(trained.operands)}
        # A worked answer's value is compared, so that a*b needs no steps
        forms = {HELD_OUT: trained.scratchpad, PRODUCTS: "none"}
        self.encoded = {name: tokens.encode_table(rows, forms[name]) for name, rows in self.rows.items()}

    def after_epoch(self, epoch: int) -> None:
        """Ask what is asked after this epoch, counted from 1."""
        self.ask(epoch, HELD_OUT)
        if epoch in DOUBLED or epoch % THEN == 0:
            self.ask(epoch, PRODUCTS)

    def ask(self, epoch: float, *names: str) -> None:
        """Add a frame for each kind of questions."""
        for name in names:
            sources = self.encoded[name][0].to(self.trained.model.embedding.weight.device)
            self.frames.append((epoch, name, *scores.decode(self.trained, sources)))

    def table(self) -> pa.Table:
        """All frames as a table with the columns of FILM."""
        parts = [pa.Table.from_batches([], FILM)]
        for epoch, name, decoded, probability in self.frames:
            rows, answers = self.rows[name], self.encoded[name][1]
            part = scores.predictions(self.trained, rows, answers, decoded, probability)
            own = {"epoch": [float(epoch)] * len(rows), "questions": pa.array([name] * len(rows)).dictionary_encode()}
            parts.append(pa.table(own | {column: part[column] for column in FILM.names[2:]}, FILM))
        return pa.concat_tables(parts).unify_dictionaries().combine_chunks()

    def samples(self, epoch: int) -> str:
        """Some answers to held-out expressions after the epoch that just ended, others each time."""
        (decoded,) = [ids for when, name, ids, _ in self.frames if (when, name) == (epoch, HELD_OUT)]
        values = [tokens.decode(ids) for ids in self.trained.values(decoded).tolist()]
        rows = self.rows[HELD_OUT]
        texts = [
            f"{src}{value}" + ("" if value == str(tgt) else f" (not {tgt})")
            for src, tgt, value in zip(rows["src"].to_pylist(), rows["tgt"].to_pylist(), values, strict=True)
        ]
        return "  ".join(np.roll(texts, -SAMPLES * (epoch - 1))[:SAMPLES])


def within(rows: int, batch_size: int) -> dict[int, float]:
    """The moments within the first epoch, in passes, by the number of steps before each; none for few rows."""
    steps = math.ceil(rows / batch_size)
    return {math.ceil(steps / part): 1 / part for part in WITHIN} if rows > LARGE else {}
