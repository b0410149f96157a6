"""Our recurrences against PyTorch's: equal states and gradients with equal weights."""

import pytest
import torch
from torch import nn

from stages.network.cells import GRU, LSTM, Layers
from stages.network.layout import pack, prefixes


class Plain(Layers, nn.RNN):
    """A cell without a kernel (`function`), as in the recipe for a new cell."""

    def cell(self, gates, layer, before):
        if before:
            gates = gates + before[0] @ self.all_weights[layer][1].t()
        return (gates.tanh(),)


PAIRS = pytest.mark.parametrize(("ours", "theirs"), [(LSTM, nn.LSTM), (GRU, nn.GRU)])
IDS = {
    "unequal": [[3, 4, 5, 0, 0], [2, 3, 4, 5, 6], [7, 0, 0, 0, 0], [5, 6, 7, 8, 0]],
    "shared prefixes": [[3, 4, 5, 6], [3, 4, 6, 0], [3, 4, 5, 6], [3, 5, 0, 0], [8, 0, 0, 0]],
    "equal": [[3, 4, 5], [5, 4, 3]],
    "one step": [[3], [4]],
    "one row": [[3, 4, 4, 3]],
}


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
    for one, other in zip(cell.parameters(), reference.parameters(), strict=True):
        gradient = torch.zeros_like(one) if one.grad is None else one.grad  # autograd leaves unused parameters at None
        torch.testing.assert_close(gradient, other.grad, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("ours", "theirs"), [(LSTM, nn.LSTM), (GRU, nn.GRU), (Plain, nn.RNN)])
@LAYOUTS
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", IDS)
def test_states_and_gradients_are_pytorch_s(ours, theirs, laid_out, padded, layers, kind):
    agree(ours(7, 5, layers), theirs(7, 5, layers), laid_out, padded, torch.tensor(IDS[kind]), torch.randn(9, 7))


def test_a_cell_without_a_kernel_decodes():
    """Step by step, as in greedy decoding."""
    cell, inputs = Plain(7, 5, 2), torch.randn(3, 4, 7)
    states, found = None, []
    for step in inputs:
        output, states = cell.step(cell.projected(step, 0), states)
        found.append(output)
    torch.testing.assert_close(torch.stack(found), cell(inputs)[0])


@PAIRS
@LAYOUTS
def test_at_the_committed_size_too(ours, theirs, laid_out, padded):
    ids = torch.randint(1, 4, (64, 11)).tril(diagonal=3)  # few tokens, so that many rows share prefixes
    agree(ours(256, 256, 2), theirs(256, 256, 2), laid_out, padded, ids, torch.randn(18, 256) / 20)


@PAIRS
def test_a_second_backward_is_refused_because_the_first_overwrote_the_gates(ours, theirs):
    loss = by_packed(ours(3, 2), torch.randn(4, 3), torch.tensor([[1, 2], [3, 0]])).sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


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


@PAIRS
def test_forward_is_pytorch_s_own(ours, theirs):
    assert ours.forward is theirs.forward


@PAIRS
def test_several_inputs_equal_their_concatenation(ours, theirs):
    """The input at place k is row which[0][k] of the first table beside row which[1][k] of the second."""
    cell = ours(5, 4, 2)
    tables = torch.randn(7, 3), torch.randn(2, 2)
    layout = pack(torch.tensor([[3, 4, 1], [1, 0, 0], [5, 1, 0]]))
    which = torch.tensor([6, 0, 0, 3, 2, 1]), torch.tensor([1, 1, 0, 0, 1, 0])
    wide = torch.cat([table[number] for table, number in zip(tables, which, strict=True)], dim=1)
    apart = cell.over(list(zip(tables, which, strict=True)), layout.steps)
    together = cell.over([(wide, torch.arange(6))], layout.steps)
    torch.testing.assert_close(apart, together)
