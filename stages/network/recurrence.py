"""Forward and backward passes of LSTM and GRU over the places of a layout, for the CPU.

gates (N, 4H), the input's part of them  ->  states (N, H)    `LSTMLayer.apply(gates, weight, steps)`

N places (see `layout`), n of them at one step, hidden size H, G gates: LSTM 4, GRU 3. This skips padding, shared
prefixes, and the recurrent product of the first step, whose previous state is zero.
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from stages.network.layout import Steps

# One pass over memory each: gradient times s(1 - s), and times 1 - t²
_through_sigmoid = torch.ops.aten.sigmoid_backward.grad_input
_through_tanh = torch.ops.aten.tanh_backward.grad_input

# MKL chooses a function's kernel at its first call. If two threads make that call at once, one may get a less exact
# kernel (pytorch#188792): one process in sixteen got other bits. So the first call is made here, by one thread.
torch.zeros(1).tanh_()

State = tuple[Tensor, ...]  # hidden state, and for an LSTM cell state, of one layer: (n, H) each


def lstm_step(gates: Tensor, weight: Tensor, before: State | None, state: Tensor, cell: Tensor) -> None:
    """Write the new hidden state and cell state (n, H), from the input's part of the gates (n, 4H).

    The gates are overwritten with their values after the activation.
    Hochreiter and Schmidhuber 1997, with Gers' forget gate; PyTorch's order: input, forget, cell, output.
    """
    hidden = weight.shape[1]
    if before:
        gates.addmm_(before[0], weight.t())
    i, f, g, o = gates.split(hidden, dim=1)
    gates[:, : 2 * hidden].sigmoid_()  # i and f at once
    g.tanh_(), o.sigmoid_()
    torch.mul(i, g, out=cell)
    if before:
        cell.addcmul_(f, before[1])
    torch.mul(o, cell.tanh(), out=state)


def gru_step(
    gates: Tensor, weight: Tensor, bias: Tensor, before: State | None, state: Tensor, products: Tensor
) -> None:
    """Write the new hidden state (n, H) and the recurrent products (n, 3H), from the input's part of the gates (n, 3H).

    The gates are overwritten with their values after the activation. The products stay apart: the reset gate scales
    their last third. Cho et al. 2014, with that gate after the product; PyTorch's order: reset, update, new.
    """
    hidden = weight.shape[1]
    if before:
        torch.addmm(bias, before[0], weight.t(), out=products)
    else:
        products[:] = bias
    r, z, new = gates.split(hidden, dim=1)
    gates[:, : 2 * hidden].add_(products[:, : 2 * hidden]).sigmoid_()  # r and z at once
    new.addcmul_(r, products[:, 2 * hidden :]).tanh_()
    if before:
        torch.lerp(new, before[0], z, out=state)  # (1 - z) new + z state
    else:
        torch.addcmul(new, new, z, value=-1, out=state)


def _add(target: Tensor, where: slice | Tensor, values: Tensor) -> None:
    """Add values (n, H) at places of the target (N, H); a place may occur more than once."""
    if isinstance(where, slice):
        target[where] += values
    else:
        target.index_add_(0, where, values)


def _recurrent_weight(gradient: Tensor, states: Tensor, steps: Steps) -> Tensor:
    """The gradient of the recurrent weight (G·H, H), as one large product, from the gates' gradient (N, G·H)."""
    first, *later = steps
    return gradient[first[0].stop :].t() @ torch.cat([states[:0], *(states[before] for _, before in later)])


class LSTMLayer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gates: Tensor, weight: Tensor, steps: Steps) -> Tensor:
        """The states (N, H), from the input's part of the gates (N, 4H), which is overwritten."""
        states, cells = gates.new_empty(2, len(gates), weight.shape[1])
        for here, before in steps:
            earlier = None if before is None else (states[before], cells[before])
            lstm_step(gates[here], weight, earlier, states[here], cells[here])
        ctx.save_for_backward(gates, weight, states, cells)
        ctx.steps = steps
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """The gradients of gates and weight, from the states' gradient (N, H). Overwrites the gates."""
        gates, weight, states, cells = ctx.saved_tensors
        d_states, d_cells = gradient.clone(), torch.zeros_like(cells)
        for here, before in reversed(ctx.steps):
            i, f, g, o = gates[here].split(weight.shape[1], dim=1)
            d_state, d_cell, cell = d_states[here], d_cells[here], cells[here].tanh()
            d = d_state * o
            d_cell += _through_tanh(d, cell, grad_input=d)
            _through_sigmoid(d_state.mul_(cell), o, grad_input=o)
            torch.mul(d_cell, i, out=d)
            d_i = cell.copy_(g).mul_(d_cell)
            _through_tanh(d, g, grad_input=g)
            _through_sigmoid(d_i, i, grad_input=i)
            if before is None:
                f.zero_()
                continue
            torch.mul(d_cell, cells[before], out=d)
            _add(d_cells, before, d_cell * f)
            _through_sigmoid(d, f, grad_input=f)
            _add(d_states, before, gates[here] @ weight)
        return gates, _recurrent_weight(gates, states, ctx.steps), None


class GRULayer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gates: Tensor, weight: Tensor, bias: Tensor, steps: Steps) -> Tensor:
        """The states (N, H), from the input's part of the gates (N, 3H), which is overwritten."""
        states, products = gates.new_empty(len(gates), weight.shape[1]), torch.empty_like(gates)
        for here, before in steps:
            earlier = None if before is None else (states[before],)
            gru_step(gates[here], weight, bias, earlier, states[here], products[here])
        ctx.save_for_backward(gates, weight, states, products)
        ctx.steps = steps
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """The gradients of gates, weight and bias, from the states' gradient (N, H). Overwrites gates and products."""
        gates, weight, states, products = ctx.saved_tensors
        hidden = weight.shape[1]
        d_states = gradient.clone()
        for here, before in reversed(ctx.steps):
            r, z, new = gates[here].split(hidden, dim=1)
            d_state, product = d_states[here], products[here, 2 * hidden :]
            d_before = d_state * z
            d_z = new.neg() if before is None else states[before] - new
            _through_sigmoid(d_z.mul_(d_state), z, grad_input=z)
            _through_tanh(d_state.sub_(d_before), new, grad_input=new)
            d_r = new * product
            torch.mul(new, r, out=product)
            _through_sigmoid(d_r, r, grad_input=r)
            products[here, : 2 * hidden] = gates[here, : 2 * hidden]
            if before is not None:
                _add(d_states, before, d_before.addmm_(products[here], weight))
        return gates, _recurrent_weight(products, states, ctx.steps), products.sum(dim=0), None
