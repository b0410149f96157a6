"""The rivals: the same network with training, decoding and data loading as they are usually written.

lists of ids [9, 13, 11, 17], [13, 4, 1]  ->  a DataLoader, a packed nn.LSTM, a loss read at every step

The weights have the same names as in stages.network.seq2seq.Seq2Seq, so that state dicts can be exchanged.
B rows, S source tokens, T answer tokens, H hidden size, V = 18 tokens.
"""

from collections.abc import Iterable, Iterator
from itertools import permutations, product

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import Dataset

from stages.network import EOS, PAD, TOKENS

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Expressions(Dataset):
    """Rows as lists of ids, collated in Python."""

    def __init__(self, sources: Tensor, answers: Tensor):
        self.sources, self.answers = ([ids[ids != PAD].tolist() for ids in table] for table in (sources, answers))
        self.width = answers.shape[1]

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, row: int) -> tuple[list[int], list[int]]:
        return self.sources[row], self.answers[row]

    def collate(self, rows: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
        """Sources (B, S) padded to the batch's longest, answers (B, T) to the whole table's."""
        sources, answers = zip(*rows, strict=True)
        padded = [answer + [PAD] * (self.width - len(answer)) for answer in answers]
        return pad_sequence([torch.tensor(ids) for ids in sources], True, PAD), torch.tensor(padded)


class Packed(nn.Module):
    """Encoder-decoder with PyTorch's packed sequences in the encoder, and the decoder `context`."""

    def __init__(self, cell: str, embed_dim: int, hidden_dim: int, layers: int, decoder: str):
        super().__init__()
        self.embedding = nn.Embedding(len(TOKENS), embed_dim)
        self.encoder = CELLS[cell](embed_dim, hidden_dim, layers, batch_first=True)
        self.decoder = CELLS[cell](hidden_dim, hidden_dim, layers, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, len(TOKENS)))

    def encode(self, source: Tensor) -> Tensor:
        """Source ids (B, S) to context (B, H)."""
        lengths = (source != PAD).sum(dim=1).cpu()  # packing reads them there
        packed = pack_padded_sequence(self.embedding(source), lengths, batch_first=True, enforce_sorted=False)
        _, state = self.encoder(packed)
        hidden = state[0] if isinstance(state, tuple) else state  # (layers, B, H)
        return hidden[-1]

    def forward(self, source: Tensor, width: int) -> Tensor:
        """Source ids (B, S) to logits (B, T, V) for T = `width`."""
        context = self.encode(source)  # (B, H)
        states, _ = self.decoder(context.unsqueeze(1).repeat(1, width, 1))  # (B, T, H)
        return self.head(states)


def epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, clip: float, batches: Iterable[tuple[Tensor, Tensor]]
) -> float:
    """Train one epoch; the mean of the batches' losses."""
    model.train()
    criterion = nn.CrossEntropyLoss(ignore_index=PAD)
    losses = []
    for source, answer in batches:
        optimiser.zero_grad()
        logits = model(source, answer.shape[1])  # (B, T, V)
        loss = criterion(logits.flatten(0, 1), answer.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@torch.no_grad()
def greedy(model: Packed, source: list[int], steps: int) -> list[int]:
    """One row's answer, token by token, without its `<eos>`."""
    context = model.encode(torch.tensor([source])).unsqueeze(1)  # (1, 1, H)
    answer, state = [], None
    for _ in range(steps):
        output, state = model.decoder(context, state)
        token = model.head(output[0, 0]).argmax().item()
        if token == EOS:
            break
        answer.append(token)
    return answer


def expressions(operands: int) -> Iterator[tuple[str, int]]:
    """The expressions of the corpus with their answers, one by one."""
    for a, b in product(range(operands), repeat=2):
        for p in "+-*":
            yield f"{a}{p}{b}=", eval(f"{a}{p}{b}")
    for a, b, c in product(range(operands), repeat=3):
        for p, q in product("+-*", repeat=2):
            yield f"{a}{p}{b}{q}{c}=", eval(f"{a}{p}{b}{q}{c}")
        for p, q in permutations("+-*", 2):
            yield f"({a}{p}{b}){q}{c}=", eval(f"({a}{p}{b}){q}{c}")
            yield f"{a}{p}({b}{q}{c})=", eval(f"{a}{p}({b}{q}{c})")
