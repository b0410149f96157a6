"""The network: an encoder reads the expression, its last state is the context, a decoder writes the answer.

    '12*(3+4)='  ->  context (256 numbers)  ->  '8', '4', <eos>

B rows, S source tokens, T answer tokens, E embedding size, H hidden size, V = 18 tokens.
"""

import torch
from torch import Tensor, nn

from stages.alphabet import EOS, PAD, TOKENS

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Seq2Seq(nn.Module):
    """Encoder-decoder of `layers` recurrent layers each way; the decoder sees the context at every step."""

    def __init__(self, cell: str, embed_dim: int, hidden_dim: int, layers: int):
        super().__init__()
        self.shape = {"cell": cell, "embed_dim": embed_dim, "hidden_dim": hidden_dim, "layers": layers}
        self.embedding = nn.Embedding(len(TOKENS), embed_dim)
        self.encoder = CELLS[cell](embed_dim, hidden_dim, layers, batch_first=True)
        self.decoder = CELLS[cell](hidden_dim, hidden_dim, layers, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, len(TOKENS)))

    def encode(self, source: Tensor) -> Tensor:
        """Source ids (B, S) to context (B, H): the top layer's hidden state at the last real token.

        The network only looks left, so padding on the right cannot reach that state.
        """
        states, _ = self.encoder(self.embedding(source))  # (B, S, H)
        last = (source != PAD).sum(dim=1) - 1  # - 1: positions count from 0
        return states[torch.arange(len(source), device=source.device), last]  # (B, H)

    def forward(self, source: Tensor, steps: int) -> Tensor:
        """Source ids (B, S) to logits (B, T, V) for T = `steps` answer tokens."""
        context = self.encode(source)  # (B, H)
        states, _ = self.decoder(context.unsqueeze(1).expand(-1, steps, -1))  # (B, T, H)
        return self.head(states)  # (B, T, V)

    @torch.inference_mode()
    def greedy(self, source: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """The likeliest token at each step: answers (B, steps), PAD after `<eos>`, and their probabilities (B).

        Stops when every row has said `<eos>`. A probability is the product over the answer's tokens, `<eos>` too.
        """
        context = self.encode(source).unsqueeze(1)  # (B, 1, H)
        answers = source.new_full((len(source), steps), PAD)
        probability = torch.ones(len(source), dtype=torch.float64, device=source.device)
        going = torch.ones(len(source), dtype=torch.bool, device=source.device)
        state = None
        for step in range(steps):
            output, state = self.decoder(context, state)  # (B, 1, H)
            likeliest, token = self.head(output.squeeze(1)).softmax(dim=-1).max(dim=-1)  # (B), (B)
            answers[:, step] = torch.where(going, token, PAD)
            probability *= torch.where(going, likeliest, 1)
            going &= token != EOS
            if not going.any():
                break
        return answers, probability
