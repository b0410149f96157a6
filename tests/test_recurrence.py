"""Layouts of batches by hand, and our recurrences against PyTorch's: equal states and gradients."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from stages.network import layout as layout_module
from stages.network.cells import GRU, LSTM, Layers
from stages.network.layout import pack, prefixes

# '7-9=', '12*3=', '7*9=', '5', '12*3='
SOURCES = torch.tensor([[9, 13, 11, 17, 0], [3, 4, 14, 5, 17], [9, 14, 11, 17, 0], [7, 0, 0, 0, 0], [3, 4, 14, 5, 17]])
ANSWERS = torch.tensor([[9, 13, 11, 1, 0], [3, 4, 14, 5, 1], [1, 0, 0, 0, 0]])


def sizes(layout):
    return [here.stop - here.start for here, _ in layout.steps]


def prefix_tokens(layout):
    """The tokens of each place's prefix, collected step by step."""
    texts = []
    for here, before in layout.steps:
        assert here.start == len(texts)
        earlier = [[]] * (here.stop - here.start) if before is None else [texts[place] for place in before.tolist()]
        texts += [[*text, token] for text, token in zip(earlier, layout.token[here].tolist(), strict=True)]
    return texts


def test_every_prefix_occurs_once():
    layout = prefixes(SOURCES)
    assert sizes(layout) == [3, 3, 3, 3, 1]
    texts = prefix_tokens(layout)
    assert len({tuple(text) for text in texts}) == len(texts) == len(layout.token)
    for places, last, row in zip(layout.where.tolist(), layout.last.tolist(), SOURCES.tolist(), strict=True):
        row = [token for token in row if token]
        assert [texts[place] for place in places[: len(row)]] == [row[: step + 1] for step in range(len(row))]
        assert texts[last] == row


def test_packed_by_hand_and_as_pytorch_packs():
    layout = pack(ANSWERS)
    theirs = pack_padded_sequence(ANSWERS, torch.tensor([4, 5, 1]), batch_first=True, enforce_sorted=False)
    assert sizes(layout) == theirs.batch_sizes.tolist() == [3, 2, 2, 2, 1]
    assert [before for _, before in layout.steps] == [None, slice(0, 2), slice(3, 5), slice(5, 7), slice(7, 8)]
    assert layout.order.tolist() == [1, 0, 2]
    assert layout.take(ANSWERS).tolist() == theirs.data.tolist() == [3, 9, 1, 4, 13, 14, 11, 5, 1, 1]
    assert layout.row.tolist() == [0, 1, 2, 0, 1, 0, 1, 0, 1, 0]


def test_pad_is_the_inverse_of_take():
    """Rows in an order whose permutation is not its own inverse."""
    answers = ANSWERS[[0, 2, 1]]
    layout = pack(answers)
    values = torch.stack([layout.take(answers), -layout.take(answers)], dim=1)
    assert torch.equal(layout.pad(values, 3), torch.stack([answers, -answers], dim=2))


def test_blocks_are_the_layout_in_parts(monkeypatch):
    monkeypatch.setattr(layout_module, "BLOCK", 2)
    layout = pack(ANSWERS)
    ordered, taken = ANSWERS[layout.order], layout.take(ANSWERS)
    blocks = list(layout.blocks())
    assert [rows for _, _, rows in blocks] == [3, 2, 1]
    for number, (block, here, rows) in enumerate(blocks):
        columns = ordered[:rows, 2 * number : 2 * number + 2]
        assert torch.equal(block.take(columns), taken[here])
        assert torch.equal(block.pad(taken[here].unsqueeze(1), rows).squeeze(2), columns)
    assert torch.equal(torch.cat([taken[here] for _, here, _ in blocks]), taken)
    # A rank's part of a batch may be padded to another rank's longer answers
    wider = pack(F.pad(ANSWERS, (0, 4))).blocks()
    assert [(here, rows) for _, here, rows in wider] == [(here, rows) for _, here, rows in blocks]


class Plain(Layers, nn.RNN):
    """A cell without a kernel (`function`), as in the recipe for a new cell."""

    def cell(self, gates, layer, before):
        if before:
            gates = gates + before[0] @ self.all_weights[layer][1].t()
        return (gates.tanh(),)


PAIRS = pytest.mark.parametrize(("ours", "theirs"), [(LSTM, nn.LSTM), (GRU, nn.GRU)])
EVERY_PAIR = pytest.mark.parametrize(("ours", "theirs"), [(LSTM, nn.LSTM), (GRU, nn.GRU), (Plain, nn.RNN)])
IDS = (
    [[3, 4, 5, 0, 0], [2, 3, 4, 5, 6], [7, 0, 0, 0, 0], [5, 6, 7, 8, 0]],
    [[3, 4, 5, 6], [3, 4, 6, 0], [3, 4, 5, 6], [3, 5, 0, 0], [8, 0, 0, 0]],  # shared prefixes
    [[3], [4]],
    [[3, 4, 4, 3]],
)


def by_prefixes(cell, inputs, ids):
    layout = prefixes(ids)
    return cell.over([(inputs, layout.token)], layout.steps)[layout.last]


def by_packed(cell, inputs, ids):
    layout = pack(ids)
    return layout.pad(cell.over([(inputs, layout.take(ids))], layout.steps), len(ids))


def last_states(cell, inputs, ids):
    states, _ = cell(inputs[ids].transpose(0, 1))
    return states[(ids != 0).sum(dim=1) - 1, torch.arange(len(ids))]


def all_states(cell, inputs, ids):
    states, _ = cell(inputs[ids].transpose(0, 1))
    return states.transpose(0, 1) * (ids != 0).unsqueeze(2)


LAYOUTS = pytest.mark.parametrize(("laid_out", "padded"), [(by_prefixes, last_states), (by_packed, all_states)])


def agree(cell, reference, laid_out, padded, ids, inputs):
    """Assert equal states and gradients, with equal weights and a random gradient of the states."""
    reference.load_state_dict(cell.state_dict())
    inputs.requires_grad_()
    same = inputs.detach().clone().requires_grad_()
    states, expected = laid_out(cell, inputs, ids), padded(reference, same, ids)
    torch.testing.assert_close(states, expected, atol=1e-5, rtol=0)
    slope = torch.randn_like(states) / len(ids)  # gradients of a mean, as in training
    (states * slope).sum().backward()
    (expected * slope).sum().backward()
    torch.testing.assert_close(inputs.grad, same.grad, atol=1e-5, rtol=0)
    for weight, other in zip(cell.parameters(), reference.parameters(), strict=True):
        gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad  # None: autograd found no use
        torch.testing.assert_close(gradient, other.grad, atol=1e-5, rtol=0)


@EVERY_PAIR
@LAYOUTS
@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize(("width", "layers"), [(5, 1), (5, 3), (256, 2)])
def test_states_and_gradients_are_pytorch_s(ours, theirs, laid_out, padded, ids, width, layers):
    inputs = torch.randn(9, width) / width**0.5
    agree(ours(width, width, layers), theirs(width, width, layers), laid_out, padded, torch.tensor(ids), inputs)


@EVERY_PAIR
def test_single_steps_are_pytorch_s(ours, theirs):
    """As in greedy decoding. The reference in test_seq2seq takes our cells' own `forward`, which is PyTorch's."""
    assert ours.forward is theirs.forward
    cell, inputs = ours(7, 5, 2), torch.randn(3, 4, 7)
    states, outputs = None, []
    with torch.inference_mode():
        for step in inputs:
            output, states = cell.step(cell.projected(step, 0), states)
            outputs.append(output)
    torch.testing.assert_close(torch.stack(outputs), cell(inputs)[0])


@PAIRS
def test_whole_steps_are_pytorch_s_in_autocast_s_precision(ours, theirs):
    cell, inputs = ours(7, 5, 2), torch.randn(3, 4, 7)
    expected = cell(inputs)[0]
    assert torch.equal(cell.whole(inputs), expected)
    with torch.autocast("cpu", torch.bfloat16):
        states = cell.whole(inputs)
    assert states.dtype == torch.bfloat16
    assert not torch.equal(states.float(), expected)
    torch.testing.assert_close(states.float(), expected, atol=0.02, rtol=0)
    states.float().sum().backward()
    assert all(weight.grad.dtype == torch.float32 and weight.grad.any() for weight in cell.parameters())
