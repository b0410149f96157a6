"""The kinds of decoder: their input at each step, and whether they attend to the encoder's states.

DECODERS["feedback"]   ->  input: context and previous token; no attention
DECODERS["attention"]  ->  the same input; queries (B, T, H) attend to keys (B, S, H): weighted means of keys (B, T, H)
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Attention as in Luong et al. 2015, "general": the score of a key is state · W · key, here over the root of H."""

    def __init__(self, hidden_dim: int):
        super().__init__()
        self.query = nn.Linear(hidden_dim, hidden_dim, bias=False)

    def forward(self, queries: Tensor, keys: Tensor, real: Tensor) -> Tensor:
        """Weighted means of keys (B, T, H), from queries (B, T, H), keys (B, S, H) and a mask of real tokens (B, S).

        Queries are decoder states projected by `query`.
        """
        mask = real.unsqueeze(1)  # (B, 1, S)
        return F.scaled_dot_product_attention(queries, keys, keys, mask)


@dataclass(frozen=True)
class Decoder:
    """One kind of decoder. Every kind gets the context at each step."""

    tokens: bool  # whether it also gets its previous token
    lookup: Callable[[int], Attention] | None  # makes an `Attention`, or a subclass, from H; None without attention


DECODERS = {
    "context": Decoder(tokens=False, lookup=None),
    "feedback": Decoder(tokens=True, lookup=None),
    "attention": Decoder(tokens=True, lookup=Attention),
}
