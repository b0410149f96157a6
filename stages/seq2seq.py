"""The network: an encoder reads the expression, its last state is the context, a decoder writes the answer.

    '12*(3+4)='  ->  context (256 numbers)  ->  '8', '4', <eos>

B rows, S source tokens, T answer tokens, E embedding size, H hidden size, V = 18 tokens.
"""

import torch
from torch import Tensor, nn

from stages.alphabet import EOS, PAD, TOKENS
from stages.packed import pack
from stages.recurrence import GRU, LSTM

CELLS = {"lstm": LSTM, "gru": GRU}


class Seq2Seq(nn.Module):
    """Encoder-decoder of `layers` recurrent layers each way; the decoder sees the context at every step."""

    def __init__(self, cell: str, embed_dim: int, hidden_dim: int, layers: int):
        super().__init__()
        self.shape = {"cell": cell, "embed_dim": embed_dim, "hidden_dim": hidden_dim, "layers": layers}
        self.embedding = nn.Embedding(len(TOKENS), embed_dim)
        self.encoder = CELLS[cell](embed_dim, hidden_dim, layers)
        self.decoder = CELLS[cell](hidden_dim, hidden_dim, layers)
        self.head = nn.Sequential(nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, len(TOKENS)))

    def encode(self, source: Tensor) -> Tensor:
        """Source ids (B, S) to context (B, H): the top layer's hidden state at the last real token.

        The network only looks left, so padding on the right cannot reach that state.
        """
        packed = pack(source)
        states = self.encoder.packed(self.embedding.weight, packed.take(source), packed.sizes)  # (N, H)
        return states[packed.last]  # (B, H)

    def forward(self, source: Tensor, answer: Tensor) -> Tensor:
        """Source ids (B, S), answer ids (B, T) to logits (B, T, V); of the answer only its length is used.

        Logits at padding mean nothing.
        """
        packed = pack(answer)
        context = self.encode(source)[packed.order]  # (B, H)
        states = self.decoder.packed(context, packed.row, packed.sizes)  # (N, H)
        return packed.pad(self.head(states))  # (B, T, V)

    @torch.inference_mode()
    def greedy(self, source: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """The likeliest token at each step: answers (B, steps), PAD after `<eos>`, and their probabilities (B).

        Stops when every row has said `<eos>`. A probability is the product over the answer's tokens, `<eos>` too.
        """
        context = self.encode(source).unsqueeze(0)  # (1, B, H)
        answers = source.new_full((len(source), steps), PAD)
        probability = torch.ones(len(source), dtype=torch.float64, device=source.device)
        going = torch.ones(len(source), dtype=torch.bool, device=source.device)
        state = None
        for step in range(steps):
            output, state = self.decoder(context, state)  # (1, B, H)
            likeliest, token = self.head(output.squeeze(0)).softmax(dim=-1).max(dim=-1)  # (B), (B)
            answers[:, step] = torch.where(going, token, PAD)
            probability *= torch.where(going, likeliest, 1)
            going &= token != EOS
            if not going.any():
                break
        return answers, probability
