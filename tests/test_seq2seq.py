"""The network against a reference of single steps and rows in PyTorch's own modules, and greedy decoding."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from stages.network import EOS, PAD, TOKENS, scores, tokens
from stages.network.cells import CELLS
from stages.network.seq2seq import DECODERS, Seq2Seq

CELL = pytest.mark.parametrize("cell", CELLS)
DECODER = pytest.mark.parametrize("decoder", DECODERS)


def uneven(cell, decoder):
    """A network of large random weights, so that steps and rows differ before any training."""
    model = Seq2Seq(cell, 6, 8, 2, decoder)
    for weight in model.parameters():
        nn.init.normal_(weight, std=1)
    return model


def reference(model, decoder, source, answer):
    """Logits (T, V) of one row without padding: source ids (S), answer ids (T)."""
    keys = model.encoder(model.embedding(source).unsqueeze(1))[0]  # (S, 1, H)
    if decoder == "pointer":
        keys = model.back(keys.flip(0))[0].flip(0)
    keys = keys.squeeze(1)
    context = keys[0 if decoder == "pointer" else -1]
    states, logits, looked = None, [], None
    for before in [PAD, *answer.tolist()][:-1]:  # PAD is the token before the first
        inputs = [context] if decoder == "context" else [context, model.embedding.weight[before]]
        output, states = model.decoder(torch.cat(inputs).view(1, 1, -1), states)
        features = output.flatten()
        if decoder in ("attention", "pointer"):
            similar = keys @ (model.attention.query.weight @ features) / len(features) ** 0.5
            if decoder == "pointer" and looked is not None:
                similar[1:] = similar[1:] + 10 * F.softplus(model.attention.move(features)) * looked[:-1]
            looked = similar.softmax(dim=0)
            features = torch.cat([features, looked @ keys])
        first, last = model.head[0], model.head[2]
        row = last(first(features).clamp(min=0))
        if decoder == "pointer":
            gate = model.copy(features).sigmoid()
            copied = torch.zeros(len(TOKENS)).index_add(0, source, looked)
            row = ((1 - gate) * row.softmax(dim=0) + gate * copied.clamp(min=1e-9)).log()
        logits.append(row)
    return torch.stack(logits)


@CELL
@DECODER
def test_logits_loss_and_gradients_are_the_reference_s(cell, decoder):
    """With padding, and answers that are longer than a block of attention."""
    model = uneven(cell, decoder)
    texts = {"1+2=": "3", "12*(3+4)=": "12*3+12*4=36+48=84", "7-49=": "-42", "1+3=": "1+3=1+3=4"}
    sources, answers = tokens.encode_sources(list(texts)).long(), tokens.encode_answers(texts.values()).long()
    sources, answers = F.pad(sources, (0, 3)), F.pad(answers, (0, 2))
    logits = model(sources, answers)
    loss, right, real = scores.summed_loss(logits, answers)
    loss.backward()
    gradients = [weight.grad for weight in model.parameters()]
    model.zero_grad()
    losses, correct = [], 0
    for source, answer, row in zip(sources, answers, logits, strict=True):
        source, answer = source[source != PAD], answer[answer != PAD]
        expected = reference(model, decoder, source, answer)
        torch.testing.assert_close(row[: len(answer)], expected, atol=1e-4, rtol=1e-4)
        losses.append(F.cross_entropy(expected, answer, reduction="sum"))
        correct += (expected.argmax(dim=1) == answer).sum()
    sum(losses).backward()
    torch.testing.assert_close(loss, sum(losses), atol=0, rtol=1e-4)
    assert (right, real) == (correct, sum(map(len, texts.values())) + len(texts))
    for gradient, weight in zip(gradients, model.parameters(), strict=True):
        torch.testing.assert_close(gradient, weight.grad, atol=1e-3, rtol=1e-3)


@CELL
@DECODER
def test_greedy_is_the_argmax_up_to_eos(cell, decoder):
    """With its own answer as input, the likeliest token at each step is the answer's next one."""
    model = uneven(cell, decoder)
    source = tokens.encode_sources([f"{a}*{b}=" for a in range(20) for b in range(20)]).long()
    bias = model.head[2].bias.data
    bias[PAD] = -100  # a predicted PAD would be taken for padding below
    for bias[EOS] in torch.arange(30, -12, -0.25):  # until some rows end and others do not
        decoded, probability = model.greedy(source, 7)
        if not (decoded == EOS).any(dim=1).all():
            break
    given = torch.where(decoded == PAD, EOS, decoded)  # no padding, so that every step is computed
    chances, argmax = model(source, given).softmax(dim=-1).max(dim=-1)
    ended = 0
    for row, likeliest in enumerate(argmax.tolist()):
        end = likeliest.index(EOS) + 1 if EOS in likeliest else 7
        ended += EOS in likeliest
        assert decoded[row].tolist() == likeliest[:end] + [PAD] * (7 - end)
        torch.testing.assert_close(probability[row], chances[row, :end].double().prod(), rtol=1e-4, atol=0)
    assert 0 < ended < len(source)


@CELL
def test_decoding_ends_when_all_rows_have_ended(cell, monkeypatch):
    model = Seq2Seq(cell, 8, 8, 1)
    nn.init.zeros_(model.head[2].weight)
    model.head[2].bias.data = F.one_hot(torch.tensor(EOS), len(TOKENS)) * 50.0
    steps = []
    real = model.decoder.step
    monkeypatch.setattr(model.decoder, "step", lambda *given: steps.append(len(given[0])) or real(*given))
    decoded, _ = model.greedy(tokens.encode_sources(["1+2=", "3-4="]).long(), 7)
    assert decoded.tolist() == [[EOS] + [PAD] * 6] * 2
    assert steps == [2]
