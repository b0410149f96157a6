"""Attention: what a decoder looks up in the encoder's states before it says a token.

states (B, T, H) over keys (B, S, H)  ->  what was found (B, T, H), a mean of the keys for each state
"""

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
