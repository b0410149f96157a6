"""The network: its size, that padding changes nothing, what each decoder sees, and greedy decoding."""

from types import SimpleNamespace
from typing import get_args

import pytest
import torch

from stages.arithmetic.scratchpad import SCRATCHPADS
from stages.common import params
from stages.network import EOS, PAD, scores, tokens
from stages.network.cells import CELLS
from stages.network.learner import OPTIMISERS, SCHEDULES, Learner
from stages.network.seq2seq import DECODERS, Attention, Seq2Seq

ANSWERS = torch.tensor([[EOS, PAD, PAD], [3, EOS, PAD], [13, 4, EOS]])  # row k has k + 1 tokens

CELL = pytest.mark.parametrize("cell", CELLS)
DECODER = pytest.mark.parametrize("decoder", DECODERS)


@pytest.mark.parametrize(("cell", "count"), [("lstm", 2_180_370), ("gru", 1_654_034)])
def test_parameters_at_the_committed_size(cell, count):
    model = Seq2Seq(cell, embed_dim=256, hidden_dim=256, layers=2)
    assert sum(weight.numel() for weight in model.parameters()) == count


def test_the_head_is_linear_relu_linear():
    model = Seq2Seq("lstm", 8, 8, 1)
    first, last = model.head[0], model.head[2]
    states = torch.randn(5, 8)
    torch.testing.assert_close(model.head(states), last(first(states).clamp(min=0)))


@pytest.mark.parametrize(
    ("names", "registry"),
    [
        (params.Cell, CELLS),
        (params.Decoder, DECODERS),
        (params.Schedule, SCHEDULES),
        (params.Optimizer, OPTIMISERS),
        (params.Scratchpad, SCRATCHPADS),
    ],
)
def test_params_allow_exactly_what_exists(names, registry):
    assert get_args(names) == tuple(registry)


def test_an_unknown_choice_raises_wherever_it_arrives():
    with pytest.raises(KeyError, match="perceptron"):
        Seq2Seq("perceptron", 8, 8, 1)
    with pytest.raises(KeyError, match="bahdanau"):
        Seq2Seq("gru", 8, 8, 1, "bahdanau")
    run = SimpleNamespace(cell="gru", embed_dim=4, hidden_dim=4, layers=1, decoder="context", seed=1, epochs=1)
    run.lr, run.batch_size, run.optimizer, run.schedule = 0.1, 2, "adamw", "cosine"
    with pytest.raises(KeyError, match="cosine"):
        Learner(run, 4, torch.device("cpu"))
    run.optimizer = "lion"
    with pytest.raises(KeyError, match="lion"):
        Learner(run, 4, torch.device("cpu"))


@CELL
@DECODER
def test_shapes(cell, decoder):
    source = tokens.encode_sources(["1+2=", "12*(3+4)="]).long()
    context, keys = Seq2Seq(cell, 6, 5, 2, decoder).encode(source)
    assert context.shape == (2, 5)
    assert (keys is None) == (DECODERS[decoder].lookup is None)
    assert Seq2Seq(cell, 6, 5, 2, decoder)(source, tokens.encode_answers([3, 84]).long()).shape == (2, 3, 18)


@CELL
@DECODER
def test_padding_changes_nothing(cell, decoder):
    model = Seq2Seq(cell, 16, 16, 2, decoder)
    texts = ["1+2=", "12*(3+4)=", "7-49="]
    wide, answers = (torch.nn.functional.pad(ids.long(), (0, 5)) for ids in (tokens.encode_sources(texts), ANSWERS))
    together, decoded = model(wide, answers), model.greedy(wide, 7)
    for row, text in enumerate(texts):
        alone, answer = tokens.encode_sources([text]).long(), answers[row : row + 1, : row + 1]
        torch.testing.assert_close(together[row, : row + 1], model(alone, answer)[0])
        assert torch.equal(decoded[0][row], model.greedy(alone, 7)[0][0])
        torch.testing.assert_close(decoded[1][row], model.greedy(alone, 7)[1][0])


@CELL
@DECODER
def test_padding_has_no_gradient_and_no_loss(cell, decoder):
    source = tokens.encode_sources(["1+2="]).long()
    answer = tokens.encode_answers([3]).long()
    found = []
    for extra in (0, 3):
        torch.manual_seed(1)
        model = Seq2Seq(cell, 8, 8, 2, decoder)
        wide = torch.nn.functional.pad(answer, (0, extra))
        loss, right, tokens = scores.summed_loss(model(torch.nn.functional.pad(source, (0, extra)), wide), wide)
        loss.backward()
        found.append((loss, right, tokens, [weight.grad for weight in model.parameters()]))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
    assert found[0][2] == 2


@CELL
def test_the_context_is_the_top_layer_at_the_last_token(cell):
    model = Seq2Seq(cell, 8, 8, 2)
    source = tokens.encode_sources(["12*(3+4)="]).long()
    _, state = model.encoder(model.embedding(source).transpose(0, 1))
    top = state[0][-1] if cell == "lstm" else state[-1]
    torch.testing.assert_close(model.encode(source)[0], top)


def test_every_step_sees_only_the_context():
    model = Seq2Seq("lstm", 8, 8, 2)
    source = tokens.encode_sources(["1+2="]).long()
    context, _ = model.encode(source)
    state, logits = None, []
    for _ in range(4):
        output, state = model.decoder(context.unsqueeze(0), state)
        logits.append(model.head(output[0]))
    torch.testing.assert_close(model(source, torch.full((1, 4), EOS)), torch.stack(logits, dim=1))


@CELL
@DECODER
def test_greedy_is_the_argmax_up_to_eos(cell, decoder):
    """With its own answer as input, the likeliest token at each step is the answer's next one."""
    model = Seq2Seq(cell, 8, 8, 1, decoder)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=1)  # so that steps and rows differ before any training
    source = tokens.encode_sources([f"{a}*{b}=" for a in range(20) for b in range(20)]).long()
    bias = model.head[2].bias.data
    bias[PAD] = -100  # a predicted PAD would be taken for padding below
    for bias[EOS] in range(8, -8, -1):  # until some rows end and others do not
        decoded, probability = model.greedy(source, 7)
        if not (decoded == EOS).any(dim=1).all():
            break
    given = torch.where(decoded == PAD, EOS, decoded)  # no padding, so that every step is computed
    chances, tokens = model(source, given).softmax(dim=-1).max(dim=-1)
    ended = 0
    for row in range(len(source)):
        likeliest = tokens[row].tolist()
        end = likeliest.index(EOS) + 1 if EOS in likeliest else 7
        ended += EOS in likeliest
        assert decoded[row].tolist() == likeliest[:end] + [PAD] * (7 - end)
        torch.testing.assert_close(probability[row], chances[row, :end].double().prod(), rtol=1e-4, atol=0)
    assert 0 < ended < len(source)


@CELL
def test_decoding_ends_when_all_rows_have_ended(cell, monkeypatch):
    model = Seq2Seq(cell, 8, 8, 1)
    torch.nn.init.zeros_(model.head[2].weight)
    with torch.no_grad():
        model.head[2].bias.copy_(torch.nn.functional.one_hot(torch.tensor(EOS), 18) * 50.0)
    steps = []
    real = model.decoder.step
    monkeypatch.setattr(model.decoder, "step", lambda *given: steps.append(len(given[0])) or real(*given))
    decoded, _ = model.greedy(tokens.encode_sources(["1+2=", "3-4="]).long(), 7)
    assert decoded.tolist() == [[EOS] + [PAD] * 6] * 2
    assert steps == [2]


def test_with_feedback_a_step_sees_the_context_and_the_token_before():
    model = Seq2Seq("lstm", 6, 8, 2, "feedback")
    source, answer = tokens.encode_sources(["12*(3+4)="]).long(), torch.tensor([[10, 6, EOS]])
    context, _ = model.encode(source)
    state, logits = None, []
    for before in (PAD, 10, 6):  # PAD is the token before the first
        output, state = model.decoder(torch.cat([context, model.embedding.weight[[before]]], dim=1).unsqueeze(0), state)
        logits.append(model.head(output[0]))
    torch.testing.assert_close(model(source, answer), torch.stack(logits, dim=1))


@pytest.mark.parametrize("decoder", ["feedback", "attention"])
def test_no_step_sees_its_own_token_or_a_later_one(decoder):
    model = Seq2Seq("lstm", 6, 8, 2, decoder)
    source = tokens.encode_sources(["12*(3+4)="]).long()
    one, other = model(source, torch.tensor([[10, 6, EOS]])), model(source, torch.tensor([[10, 7, EOS]]))
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert not torch.allclose(one[:, 2], other[:, 2])


def test_attention_is_a_softmax_of_products_with_real_states():
    attention = Attention(4)
    states, keys = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    real = torch.tensor([[True] * 5, [True, True, False, False, False]])
    found = attention(attention.query(states), keys, real)
    for row in range(2):
        known = keys[row, real[row]]
        for step in range(3):
            scores = known @ (attention.query.weight @ states[row, step]) / 4**0.5
            torch.testing.assert_close(found[row, step], scores.softmax(dim=0) @ known)


def test_attention_looks_at_the_encoder_s_states():
    model = Seq2Seq("gru", 6, 8, 2, "attention")
    source = tokens.encode_sources(["1+2=", "12*(3+4)=", "1+3="]).long()
    _, keys = model.encode(source)
    states, _ = model.encoder(model.embedding(source).transpose(0, 1))
    real = source != PAD
    torch.testing.assert_close(keys[real], states.transpose(0, 1)[real])


@CELL
def test_long_answers_of_different_lengths(cell):
    """`greedy` attends one step at a time, `forward` in blocks of steps: each greedy token is forward's likeliest."""
    torch.manual_seed(3)
    model = Seq2Seq(cell, 6, 8, 2, "attention")
    for weight in model.parameters():
        torch.nn.init.normal_(weight)
    model.head[2].bias.data[EOS] -= 999
    sources = tokens.encode_sources([f"{n}*({n + 3}+{n % 7})=" for n in range(40)]).long()
    answers, _ = model.greedy(sources, 30)
    assert len(answers.unique()) > 2
    real = torch.arange(30) < torch.arange(40).unsqueeze(1) * 7 % 30 + 1  # lengths from 1 to 30
    answers = answers.clone().masked_fill(~real, PAD)
    assert torch.equal(model(sources, answers).argmax(dim=-1)[real], answers[real])
