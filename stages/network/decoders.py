"""The kinds of decoder: what one is given at a step, and where it looks before it writes a token.

DECODERS["feedback"]   ->  given the context and its own previous token; looks nowhere
DECODERS["attention"]  ->  looks with each of its states (B, T, H) at keys (B, S, H), and finds a mean of them (B, T, H)
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Luong et al. 2015, "general": a state's scores are its products with the keys, through a learned matrix;
    here over the root of H."""

    def __init__(self, hidden_dim: int):
        super().__init__()
        self.query = nn.Linear(hidden_dim, hidden_dim, bias=False)

    def forward(self, states: Tensor, keys: Tensor, real: Tensor) -> Tensor:
        """States (B, T, H), keys (B, S, H), which of these are real tokens (B, S), to (B, T, H)."""
        mask = real.unsqueeze(1)  # (B, 1, S)
        return F.scaled_dot_product_attention(self.query(states), keys, keys, mask)


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
