"""The kinds of decoder: what one is given at a step, and where it looks before it writes a token.

DECODERS["feedback"]  ->  given the context and its own previous token; looks nowhere
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from stages.network.attention import Attention


@dataclass(frozen=True)
class Decoder:
    """Every decoder is given the context at each step."""

    tokens: bool  # whether it is given its previous token too
    lookup: Callable[[int], nn.Module] | None  # from H to a module like `Attention`, or None


DECODERS = {
    "context": Decoder(tokens=False, lookup=None),
    "feedback": Decoder(tokens=True, lookup=None),
    "attention": Decoder(tokens=True, lookup=Attention),
}
