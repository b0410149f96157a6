"""Our recurrences against PyTorch's: the same states, the same gradients, the same weights."""

import pytest
import torch
from torch import nn

from stages.packed import pack
from stages.recurrence import GRU, LSTM

PAIRS = pytest.mark.parametrize(("ours", "theirs"), [(LSTM, nn.LSTM), (GRU, nn.GRU)])
IDS = {
    "unequal": [[3, 4, 5, 0, 0], [2, 3, 4, 5, 6], [7, 0, 0, 0, 0], [5, 6, 7, 8, 0]],
    "equal": [[3, 4, 5], [5, 4, 3]],
    "one step": [[3], [4]],
    "one row": [[3, 4, 4, 3]],
}


@PAIRS
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", IDS)
def test_states_and_gradients_are_pytorch_s(ours, theirs, layers, kind):
    ids = torch.tensor(IDS[kind])
    real = (ids != 0).unsqueeze(2)
    mine, reference = ours(7, 5, layers), theirs(7, 5, layers, batch_first=True)
    reference.load_state_dict(mine.state_dict())
    inputs = torch.randn(9, 7, requires_grad=True)
    same = inputs.detach().clone().requires_grad_()
    layout = pack(ids)
    states = layout.pad(mine.packed(inputs, layout.take(ids), layout.sizes))
    expected = reference(same[ids])[0] * real
    torch.testing.assert_close(states, expected, atol=1e-6, rtol=0)
    slope = torch.randn_like(states)
    (states * slope).sum().backward()
    (expected * slope).sum().backward()
    torch.testing.assert_close(inputs.grad, same.grad, atol=1e-5, rtol=0)
    for one, other in zip(mine.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-5, rtol=0)


@PAIRS
def test_at_the_committed_size_too(ours, theirs):
    ids = torch.randint(1, 18, (64, 11)).tril(diagonal=3)
    mine, reference = ours(256, 256, 2), theirs(256, 256, 2, batch_first=True)
    mine.load_state_dict(reference.state_dict())
    inputs, layout = torch.randn(18, 256), pack(ids)
    found = layout.pad(mine.packed(inputs, layout.take(ids), layout.sizes))
    expected = reference(inputs[ids])[0] * (ids != 0).unsqueeze(2)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    for gates in (found, expected):
        gates.square().mean().backward()
    for one, other in zip(mine.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-5, rtol=0)


@PAIRS
def test_a_second_backward_is_refused_for_the_first_wrote_over_the_gates(ours, theirs):
    loss = ours(3, 2).packed(torch.randn(4, 3), torch.tensor([0, 1, 2]), [2, 1]).sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@PAIRS
def test_forward_is_pytorch_s_own(ours, theirs):
    assert ours.forward is theirs.forward
