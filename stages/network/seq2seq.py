"""The network: an encoder reads the expression, its last state is the context, a decoder writes the answer.

    '12*(3+4)='  ->  context (256 numbers)  ->  '8', '4', <eos>

B rows, S source tokens, T answer tokens, E embedding size, H hidden size, V = 18 tokens.
"""

import torch
from torch import Tensor, nn

from stages.network.alphabet import EOS, PAD, TOKENS
from stages.network.cells import CELLS
from stages.network.layout import pack, prefixes


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
        layout = prefixes(source)
        states = self.encoder.over(self.embedding.weight, layout.token, layout.steps)  # (N, H)
        return states[layout.last]  # (B, H)

    def forward(self, source: Tensor, answer: Tensor) -> Tensor:
        """Source ids (B, S), answer ids (B, T) to logits (B, T, V); of the answer only its length is used.

        Logits at padding mean nothing.
        """
        layout = pack(answer)
        context = self.encode(source)[layout.order]  # (B, H)
        states = self.decoder.over(context, layout.row, layout.steps)  # (N, H)
        return layout.pad(self.head(states), len(answer))  # (B, T, V)

    @torch.inference_mode()
    def greedy(self, source: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """The likeliest token at each step: answers (B, steps), PAD after `<eos>`, and their probabilities (B).

        A row that has said `<eos>` is computed no further. A probability is the product over the answer's tokens,
        `<eos>` too.
        """
        first = self.decoder.projected(self.encode(source), layer=0)  # (B, G·H) the same at every step
        answers = source.new_full((len(source), steps), PAD)
        probability = torch.ones(len(source), dtype=torch.float64, device=source.device)
        rows = torch.arange(len(source), device=source.device)  # (n) those still going
        states = None
        for step in range(steps):
            output, states = self.decoder.step(first[rows], states)  # (n, H)
            likeliest, token = self.head(output).softmax(dim=-1).max(dim=-1)  # (n), (n)
            answers[rows, step] = token
            probability[rows] *= likeliest
            going = token != EOS
            if not going.any():
                break
            rows, states = rows[going], [tuple(part[going] for part in layer) for layer in states]
        return answers, probability
