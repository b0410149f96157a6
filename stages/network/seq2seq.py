"""The network: an encoder reads the expression, its last state is the context, a decoder writes the answer.

    '12*(3+4)='  ->  context (256 numbers)  ->  '8', '4', <eos>

A decoder gets the context at each step. It may also get its previous token, and attend to the encoder's states. One
that points can copy the token that it attends to. Its encoder's last layer reads from right to left, so that a state
also knows what follows it; the context is then the state at the first token.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.network import EOS, PAD, TOKENS
from stages.network.cells import CELLS
from stages.network.layout import pack, prefixes


class Attention(nn.Module):
    """Attention as in Luong et al. 2015, "general": the score of a key is state · W · key, here over the root of H."""

    def __init__(self, hidden_dim: int):
        super().__init__()
        self.query = nn.Linear(hidden_dim, hidden_dim, bias=False)

    def queries(self, states: Tensor) -> Tensor:
        """What `forward` needs of the decoder's states (…, H)."""
        return self.query(states)

    def forward(
        self, queries: Tensor, keys: Tensor, real: Tensor, before: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Weighted means of keys (B, T, H), from queries (B, T, …), keys (B, S, H) and real tokens (B, S).

        `before` and the second result are the weights (B, S) at the step before these and at the last of them, for a
        subclass that needs them.
        """
        return F.scaled_dot_product_attention(queries, keys, keys, real.unsqueeze(1)), None  # mask (B, 1, S)


class Pointer(Attention):
    """Attention that may also move on: the place behind the last one scores higher, by as much as the state decides.

    So it can follow a text of any length, whatever it looks like (location-aware attention, Chorowski et al. 2015).
    """

    def __init__(self, hidden_dim: int):
        super().__init__(hidden_dim)
        self.move = nn.Linear(hidden_dim, 1)

    def queries(self, states: Tensor) -> Tensor:
        # Scores are of the order of 1, so that times 10 the last place decides from the beginning of a training
        return torch.cat([self.query(states), 10 * F.softplus(self.move(states))], dim=-1)  # (…, H + 1)

    def forward(
        self, queries: Tensor, keys: Tensor, real: Tensor, before: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """As `Attention.forward`, but keys may be wider (B, S, H + …): only the first H numbers are compared."""
        query, moves = queries[..., :-1], queries[..., -1:]  # (B, T, H), (B, T, 1)
        found = query @ keys[..., : query.shape[2]].transpose(1, 2) / math.sqrt(query.shape[2])  # (B, T, S)
        found = found.masked_fill(~real.unsqueeze(1), -math.inf)
        weights = []
        for step in range(queries.shape[1]):
            scores = found[:, step] if before is None else found[:, step] + moves[:, step] * F.pad(before, (1, -1))
            weights.append(before := scores.softmax(dim=1))  # (B, S)
        return torch.stack(weights, dim=1) @ keys, before


@dataclass(frozen=True)
class Decoder:
    """One kind of decoder. Every kind gets the context at each step."""

    tokens: bool  # whether it also gets its previous token
    lookup: Callable[[int], Attention] | None  # makes an `Attention`, or a subclass, from H; None without attention
    points: bool = False  # whether the encoder's last layer reads from right to left, and tokens can be copied


DECODERS = {
    "context": Decoder(tokens=False, lookup=None),
    "feedback": Decoder(tokens=True, lookup=None),
    "attention": Decoder(tokens=True, lookup=Attention),
    "pointer": Decoder(tokens=True, lookup=Pointer, points=True),
}


class Seq2Seq(nn.Module):
    """Encoder-decoder, each half with `layers` layers of CELLS[cell]; `decoder` is a key of DECODERS."""

    def __init__(self, cell: str, embed_dim: int, hidden_dim: int, layers: int, decoder: str = "context"):
        super().__init__()
        sizes = {"embed_dim": embed_dim, "hidden_dim": hidden_dim, "layers": layers}
        self.shape = {"cell": cell, **sizes, "decoder": decoder}
        self.embedding = nn.Embedding(len(TOKENS), embed_dim)
        self.kind = DECODERS[decoder]
        self.encoder = CELLS[cell](embed_dim, hidden_dim, max(1, layers - self.kind.points))
        self.back = CELLS[cell](hidden_dim, hidden_dim, 1) if self.kind.points else None
        self.decoder = CELLS[cell](hidden_dim + embed_dim * self.kind.tokens, hidden_dim, layers)
        self.attention = self.kind.lookup(hidden_dim) if self.kind.lookup else None
        wide = 2 * hidden_dim if self.attention else hidden_dim
        self.copy = nn.Linear(wide, 1) if self.kind.points else None
        self.head = nn.Sequential(nn.Linear(wide, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, len(TOKENS)))

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor | None]:
        """The context (B, H) of source ids (B, S), the last state that is computed, and for attention all (B, S, H).

        If tokens can be copied, the states have them behind their numbers (B, S, H + V): 1 for the token, else 0.
        """
        layout = prefixes(source)
        states = self.encoder.over([(self.embedding.weight, layout.token)], layout.steps)  # (N, H)
        if self.back:
            last = (source != PAD).sum(dim=1, keepdim=True) - 1
            mirror = (last - torch.arange(source.shape[1], device=source.device)).clamp(min=0)  # (B, S) right to left
            packed = pack(source)
            which = packed.take(layout.where.gather(1, mirror))
            back = packed.pad(self.back.over([(states, which)], packed.steps), len(source))  # (B, S, H) right to left
            back = back.gather(1, mirror.unsqueeze(2).expand_as(back))
            return back[:, 0], torch.cat([back, F.one_hot(source, len(TOKENS)).to(back.dtype)], dim=2)
        keys = F.embedding(layout.where, states) if self.attention else None
        return states[layout.last], keys  # (B, H)

    def given(self, context: Tensor) -> list[Tensor]:
        """The distinct inputs of the decoder: contexts (B, H), and embeddings (V, E) if it also gets tokens."""
        return [context, self.embedding.weight] if self.kind.tokens else [context]

    def logits(self, states: Tensor, attended: Tensor | None) -> Tensor:
        """Logits (N, V), from decoder states (N, H) and the attention's result for each (N, H or H + V)."""
        if attended is None:
            return self.head(states)
        attended, copied = attended.split([states.shape[1], attended.shape[1] - states.shape[1]], dim=1)
        features = torch.cat([states, attended], dim=1)
        if not self.copy:
            return self.head(features)
        # Pointer-generator (See et al. 2017): either written or copied, by a gate; as logarithms of probabilities
        gate, written = self.copy(features), self.head(features).log_softmax(dim=1)
        return torch.logaddexp(F.logsigmoid(-gate) + written, F.logsigmoid(gate) + copied.clamp(min=1e-9).log())

    def forward(self, source: Tensor, answer: Tensor) -> Tensor:
        """Logits (B, T, V), from source ids (B, S) and answer ids (B, T). A step sees at most the tokens before it."""
        layout = pack(answer)
        context, keys = self.encode(source)  # (B, H)
        which = layout.row, layout.take(F.pad(answer, (1, -1), value=PAD))  # each place's row and previous token
        inputs = list(zip(self.given(context[layout.order]), which, strict=False))
        states = self.decoder.over(inputs, layout.steps)  # (N, H)
        attended = None
        if self.attention and keys is not None:  # both or neither
            keys, real, queries = keys[layout.order], (source != PAD)[layout.order], self.attention.queries(states)
            parts: list[Tensor] = []
            last = None
            for block, here, rows in layout.blocks():
                before = None if last is None else last[:rows]
                found, last = self.attention(block.pad(queries[here], rows), keys[:rows], real[:rows], before)
                parts.append(block.take(found))
            attended = torch.cat(parts)  # (N, H)
        return layout.pad(self.logits(states, attended), len(answer))  # (B, T, V)

    @torch.inference_mode()
    def greedy(self, source: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Greedy answers (B, steps), with PAD after `<eos>`, and their probabilities (B).

        A probability is the product over the answer's tokens, `<eos>` included. A row stops at its `<eos>`.
        """
        context, keys = self.encode(source)
        first, *table = self.decoder.parts(self.given(context))
        answers = source.new_full((len(source), steps), PAD)
        probability = torch.ones(len(source), dtype=torch.float64, device=source.device)
        rows = torch.arange(len(source), device=source.device)  # (n) rows without `<eos>` so far
        states = last = None
        token = source.new_full((len(source),), PAD)
        for step in range(steps):
            gates = first[rows]
            for part in table:
                gates += part[token]
            output, states = self.decoder.step(gates, states)  # (n, H)
            attended = None
            if self.attention and keys is not None:  # both or neither
                queries = self.attention.queries(output).unsqueeze(1)  # (n, 1, …)
                found, last = self.attention(queries, keys[rows], source[rows] != PAD, last)
                attended = found.squeeze(1)  # (n, H)
            likeliest, token = self.logits(output, attended).softmax(dim=-1).max(dim=-1)  # (n), (n)
            answers[rows, step] = token
            probability[rows] *= likeliest
            going = token != EOS
            if not going.any():
                break
            rows, token, states = rows[going], token[going], [tuple(part[going] for part in layer) for layer in states]
            last = None if last is None else last[going]
        return answers, probability
