"""Every metric, on tables small enough to count by hand."""

import math

import pytest
import torch

from stages import evaluate
from stages.network import EOS, PAD, scores, tokens
from stages.network.seq2seq import Seq2Seq

# '12', '3', '-4' with <eos>; 1 is token 3, 2 is 4, 3 is 5, 4 is 6, '-' is 13
ANSWERS = torch.tensor([[3, 4, EOS], [5, EOS, PAD], [13, 6, EOS]])


@pytest.mark.parametrize(
    ("decoded", "right"),
    [
        ([[3, 4, EOS, PAD], [5, 5, EOS, PAD], [13, EOS, PAD, PAD]], [True, False, False]),
        ([[3, 4, 3, 3], [EOS, PAD, PAD, PAD], [13, 6, EOS, PAD]], [False, False, True]),
        ([[3, 4], [5, EOS], [13, 6]], [False, True, False]),  # the wrong rows are cut off before <eos>
    ],
)
def test_exact(decoded, right):
    assert scores.exact(torch.tensor(decoded), ANSWERS).tolist() == right


@pytest.mark.parametrize(
    ("decoded", "share"),
    [
        ([[3, 4, EOS, PAD], [5, EOS, PAD, PAD], [13, 6, EOS, PAD]], 9 / 9),
        ([[3, EOS, PAD, PAD], [5, 5, EOS, PAD], [EOS, PAD, PAD, PAD]], 2 / 9),
        ([[PAD, PAD, PAD]] * 3, 1 / 9),  # one position of padding is correct
        ([[3, 4, EOS, PAD], [5, 5, 5, EOS], [13, 6, EOS, PAD]], 9 / 12),  # a decoded answer is the longest
        ([[3], [5], [13]], 4 / 9),  # narrower than the answers: the rest counts as padding, which is correct once
    ],
)
def test_position_accuracy(decoded, share):
    assert evaluate.position_accuracy(torch.tensor(decoded), ANSWERS) == pytest.approx(share)


def test_summed_loss_counts_real_tokens_only():
    logits = torch.zeros(3, 3, 18)
    logits[0, 0, 3] = 5.0
    loss, right, tokens = scores.summed_loss(logits, ANSWERS)
    hit = -math.log(math.exp(5) / (math.exp(5) + 17))
    assert loss.item() == pytest.approx(7 * math.log(18) + hit)
    assert right.item() == 1
    assert tokens.item() == 8


class Uneven(Seq2Seq):
    """Predicts `<eos>` with the batch's width as its logit, so that batches differ."""

    def forward(self, source, answer):
        logits = torch.zeros(*answer.shape, 18)
        logits[..., EOS] = float(answer.shape[1])
        return logits


def test_table_scores_are_no_mean_of_batch_means(monkeypatch):
    model = Uneven("gru", 1, 1, 1)
    answers = torch.tensor([[EOS, PAD, PAD], [EOS, PAD, PAD], [3, 4, EOS]], dtype=torch.uint8)
    sources = torch.full((3, 4), 5, dtype=torch.uint8)
    monkeypatch.setattr(tokens, "ANSWERED", 2)
    loss, right, real = scores.token_sums(model, sources, answers).tolist()
    one, three = (math.log(17 + math.exp(width)) for width in (1, 3))  # log of the softmax's denominator
    assert loss / real == pytest.approx((2 * (one - 1) + 2 * three + (three - 3)) / 5)
    assert right / real == pytest.approx(3 / 5)


def test_batch_size_changes_no_answer(monkeypatch):
    model = Seq2Seq("lstm", 8, 8, 1)
    torch.nn.init.normal_(model.head[2].weight, std=4)
    sources = torch.randint(2, 18, (50, 6), dtype=torch.uint8)
    together, chances = scores.greedy(model, sources, 5)
    monkeypatch.setattr(tokens, "ANSWERED", 7)
    apart, same = scores.greedy(model, sources, 5)
    assert together.shape == (50, 5)
    assert torch.equal(together, apart)
    torch.testing.assert_close(chances, same)
