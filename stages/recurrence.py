"""LSTM and GRU for a CPU, about twice as fast as PyTorch's on short rows; on a GPU they are cuDNN's.

The weights are nn.LSTM's and nn.GRU's own, and so is `forward`. `over` computes the same and leaves out what is not
needed: places that no row has or that several share (`layout`); the first layer's input product where inputs repeat
(each of the 18 tokens, each row's context, is multiplied once); and the first step's recurrent product, whose state
is zero.

N places in all, n of them at one step, R different inputs of size I, hidden size H.
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from stages.layout import Steps

# One pass over memory each: gradient times s(1 - s), and times 1 - t²
_through_sigmoid = torch.ops.aten.sigmoid_backward.grad_input
_through_tanh = torch.ops.aten.tanh_backward.grad_input


def _add(target: Tensor, where: slice | Tensor, values: Tensor) -> None:
    """Add to places of the target (N, H), to some more than once where rows share them."""
    if isinstance(where, slice):
        target[where] += values
    else:
        target.index_add_(0, where, values)


def _recurrent_weight(gradient: Tensor, states: Tensor, steps: Steps) -> Tensor:
    """The gradient of the recurrent weight, as one large product, from that of the gates (N, G·H)."""
    first, *others = steps
    return gradient[first[0].stop :].t() @ torch.cat([states[:0], *(states[before] for _, before in others)])


class _LSTMLayer(torch.autograd.Function):
    """One layer over all steps; PyTorch's order of gates: input, forget, cell, output (Hochreiter, Gers)."""

    @staticmethod
    def forward(ctx, gates: Tensor, weight: Tensor, steps: Steps) -> Tensor:
        """The input's part of the gates (N, 4H), which is overwritten, and the recurrent weight (4H, H) to (N, H)."""
        hidden = weight.shape[1]
        states, cells = gates.new_empty(2, len(gates), hidden)
        for here, before in steps:
            if before is not None:
                gates[here].addmm_(states[before], weight.t())
            i, f, g, o = gates[here].split(hidden, dim=1)  # (n, H) each
            gates[here, : 2 * hidden].sigmoid_()  # i and f
            g.tanh_(), o.sigmoid_()
            cell = torch.mul(i, g, out=cells[here])
            if before is not None:
                cell.addcmul_(f, cells[before])
            torch.mul(o, cell.tanh(), out=states[here])
        ctx.save_for_backward(gates, weight, states, cells)
        ctx.steps = steps
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """From the states' gradient (N, H) to those of the gates' input part, written over the gates, and weight."""
        gates, weight, states, cells = ctx.saved_tensors
        hidden = weight.shape[1]
        d_states, d_cells = gradient.clone(), torch.zeros_like(cells)
        for here, before in reversed(ctx.steps):
            i, f, g, o = gates[here].split(hidden, dim=1)
            d_state, d_cell, cell = d_states[here], d_cells[here], cells[here].tanh()
            d = d_state * o
            d_cell += _through_tanh(d, cell, grad_input=d)
            _through_sigmoid(d_state.mul_(cell), o, grad_input=o)
            torch.mul(d_cell, i, out=d)
            d_input = cell.copy_(g).mul_(d_cell)
            _through_tanh(d, g, grad_input=g)
            _through_sigmoid(d_input, i, grad_input=i)
            if before is None:
                f.zero_()
                continue
            torch.mul(d_cell, cells[before], out=d)
            _add(d_cells, before, d_cell * f)
            _through_sigmoid(d, f, grad_input=f)
            _add(d_states, before, gates[here] @ weight)
        return gates, _recurrent_weight(gates, states, ctx.steps), None


class _GRULayer(torch.autograd.Function):
    """One layer over all steps; PyTorch's order of gates: reset, update, new (Cho et al., reset after the product)."""

    @staticmethod
    def forward(ctx, gates: Tensor, weight: Tensor, bias: Tensor, steps: Steps) -> Tensor:
        """As the LSTM's, gates (N, 3H); the recurrent bias (3H) stays apart: the reset gate scales its last third."""
        hidden = weight.shape[1]
        states, products = gates.new_empty(len(gates), hidden), torch.empty_like(gates)
        for here, before in steps:
            if before is not None:
                torch.addmm(bias, states[before], weight.t(), out=products[here])
            else:
                products[here] = bias
            r, z, new = gates[here].split(hidden, dim=1)  # (n, H) each
            gates[here, : 2 * hidden].add_(products[here, : 2 * hidden]).sigmoid_()  # r and z
            new.addcmul_(r, products[here, 2 * hidden :]).tanh_()
            if before is not None:
                torch.lerp(new, states[before], z, out=states[here])  # (1 - z) new + z state
            else:
                torch.addcmul(new, new, z, value=-1, out=states[here])
        ctx.save_for_backward(gates, weight, states, products)
        ctx.steps = steps
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """As the LSTM's; the gradients of the recurrent products are written over the products."""
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


class _Over:
    def over(self, inputs: Tensor, which: Tensor, steps: Steps) -> Tensor:
        """The top layer's states (N, H) over the steps of a layout; the input of place k is inputs[which[k]].

        Few different inputs (R, I) cost little, however large N is.
        """
        if inputs.is_cuda:
            states, _ = self(F.embedding(which, inputs).unflatten(0, (len(steps), -1)))
            return states.flatten(0, 1)
        first, *others = self.all_weights
        states = self.layer(F.embedding(which, self.projected(inputs, *first)), first, steps)
        for weights in others:
            states = self.layer(self.projected(states, *weights), weights, steps)
        return states


class LSTM(_Over, nn.LSTM):
    """nn.LSTM with `over`."""

    def projected(self, inputs: Tensor, weight: Tensor, _: Tensor, bias: Tensor, recurrent_bias: Tensor) -> Tensor:
        return F.linear(inputs, weight, bias + recurrent_bias)

    def layer(self, gates: Tensor, weights: list[Tensor], steps: Steps) -> Tensor:
        return _LSTMLayer.apply(gates, weights[1], steps)

    def kept(self, state: tuple[Tensor, Tensor], rows: Tensor) -> tuple[Tensor, Tensor]:
        """Of `forward`'s state, which has two parts (layers, B, H), the rows of a mask (B)."""
        return state[0][:, rows], state[1][:, rows]


class GRU(_Over, nn.GRU):
    """nn.GRU with `over`."""

    def projected(self, inputs: Tensor, weight: Tensor, _: Tensor, bias: Tensor, __: Tensor) -> Tensor:
        return F.linear(inputs, weight, bias)

    def layer(self, gates: Tensor, weights: list[Tensor], steps: Steps) -> Tensor:
        return _GRULayer.apply(gates, weights[1], weights[3], steps)

    def kept(self, state: Tensor, rows: Tensor) -> Tensor:
        """Of `forward`'s state (layers, B, H) the rows of a mask (B)."""
        return state[:, rows]
