"""LSTM and GRU for a CPU, about twice as fast as PyTorch's on short rows of unequal length; on a GPU they are cuDNN's.

The weights are nn.LSTM's and nn.GRU's own, and so is `forward`. `packed` computes the same and leaves out what is not
needed: padding; the first layer's input product where inputs repeat (each of the 18 tokens, each row's context, is
multiplied once); the first step's recurrent product (its state is zero); and allocations between steps.

B rows at the first step, n at a later one, N in all steps together, R different inputs, I input size, H hidden size,
G gates: 4 (LSTM) or 3 (GRU).
"""

from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

# One pass over memory each: gradient times s(1 - s), and times 1 - t².
_through_sigmoid = torch.ops.aten.sigmoid_backward.grad_input
_through_tanh = torch.ops.aten.tanh_backward.grad_input


def _steps(sizes: list[int]) -> list[tuple[slice, slice | None]]:
    """The places (n) of each step, and those of the same rows one step earlier, None at the first."""
    starts = list(accumulate(sizes, initial=0))
    here = [slice(start, start + size) for start, size in zip(starts, sizes, strict=False)]
    before = [slice(start, start + size) for start, size in zip(starts, sizes[1:], strict=False)]
    return list(zip(here, [None, *before[: len(sizes) - 1]], strict=True))


def _earlier(states: Tensor, sizes: list[int]) -> Tensor:
    """The states one step before those of every place but the first step's: (N - B, H)."""
    return torch.cat([states[:0], *(states[before] for _, before in _steps(sizes)[1:])])


class _LSTMLayer(torch.autograd.Function):
    """One layer over all steps; PyTorch's order of gates: input, forget, cell, output (Hochreiter, Gers)."""

    @staticmethod
    def forward(ctx, gates: Tensor, weight: Tensor, sizes: list[int]) -> Tensor:
        """The input's part of the gates (N, 4H), which is overwritten, and the recurrent weight (4H, H) to (N, H)."""
        hidden = weight.shape[1]
        states, cells = gates.new_empty(2, len(gates), hidden)
        for here, before in _steps(sizes):
            if before:
                gates[here].addmm_(states[before], weight.t())
            i, f, g, o = gates[here].split(hidden, dim=1)  # (n, H) each
            gates[here, : 2 * hidden].sigmoid_()  # i and f
            g.tanh_(), o.sigmoid_()
            cell = torch.mul(i, g, out=cells[here])
            if before:
                cell.addcmul_(f, cells[before])
            torch.mul(o, cell.tanh(), out=states[here])
        ctx.save_for_backward(gates, weight, states, cells)
        ctx.sizes = sizes
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """From the states' gradient (N, H) to those of the gates' input part, written over the gates, and weight."""
        gates, weight, states, cells = ctx.saved_tensors
        hidden = weight.shape[1]
        d_cells, d_states, one, two = gates.new_zeros(4, ctx.sizes[0], hidden)  # one, two: scratch
        later = None
        for here, before in reversed(_steps(ctx.sizes)):
            size = here.stop - here.start
            i, f, g, o = gates[here].split(hidden, dim=1)
            d_cell, d_state, a, b = d_cells[:size], d_states[:size], one[:size], two[:size]
            d_state.copy_(gradient[here])
            if later:
                d_state[: later.stop - later.start].addmm_(gates[later], weight)
            torch.tanh(cells[here], out=a)
            d_cell += _through_tanh(torch.mul(d_state, o, out=b), a, grad_input=b)
            _through_sigmoid(d_state.mul_(a), o, grad_input=o)
            torch.mul(d_cell, g, out=a)
            _through_tanh(torch.mul(d_cell, i, out=b), g, grad_input=g)
            _through_sigmoid(a, i, grad_input=i)
            if before:
                torch.mul(d_cell, cells[before], out=a)
                d_cell *= f
                _through_sigmoid(a, f, grad_input=f)
            else:
                f.zero_()
            later = here
        return gates, gates[ctx.sizes[0] :].t() @ _earlier(states, ctx.sizes), None


class _GRULayer(torch.autograd.Function):
    """One layer over all steps; PyTorch's order of gates: reset, update, new (Cho et al., reset after the product)."""

    @staticmethod
    def forward(ctx, gates: Tensor, weight: Tensor, bias: Tensor, sizes: list[int]) -> Tensor:
        """As the LSTM's, gates (N, 3H); the recurrent bias (3H) stays apart: the reset gate scales its last third."""
        hidden = weight.shape[1]
        states, products = gates.new_empty(len(gates), hidden), torch.empty_like(gates)
        for here, before in _steps(sizes):
            if before:
                torch.addmm(bias, states[before], weight.t(), out=products[here])
            else:
                products[here] = bias
            r, z, new = gates[here].split(hidden, dim=1)  # (n, H) each
            gates[here, : 2 * hidden].add_(products[here, : 2 * hidden]).sigmoid_()  # r and z
            new.addcmul_(r, products[here, 2 * hidden :]).tanh_()
            if before:
                torch.lerp(new, states[before], z, out=states[here])  # (1 - z) new + z state
            else:
                torch.addcmul(new, new, z, value=-1, out=states[here])
        ctx.save_for_backward(gates, weight, states, products)
        ctx.sizes = sizes
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """As the LSTM's; the gradients of the recurrent products are written over the products."""
        gates, weight, states, products = ctx.saved_tensors
        hidden = weight.shape[1]
        carried, d_states, one = gates.new_zeros(3, ctx.sizes[0], hidden)  # carried: past the gates, by z
        later = None
        for here, before in reversed(_steps(ctx.sizes)):
            size = here.stop - here.start
            r, z, new = gates[here].split(hidden, dim=1)
            d_state, a, product = d_states[:size], one[:size], products[here, 2 * hidden :]
            torch.add(gradient[here], carried[:size], out=d_state)
            if later:
                d_state[: later.stop - later.start].addmm_(products[later], weight)
            torch.mul(d_state, z, out=carried[:size])
            torch.sub(states[before], new, out=a) if before else torch.neg(new, out=a)
            a *= d_state
            d_state -= carried[:size]  # what reaches `new`: d (1 - z)
            _through_tanh(d_state, new, grad_input=new)
            _through_sigmoid(a, z, grad_input=z)
            torch.mul(new, product, out=a)
            torch.mul(new, r, out=product)
            _through_sigmoid(a, r, grad_input=r)
            products[here, : 2 * hidden] = gates[here, : 2 * hidden]
            later = here
        d_weight = products[ctx.sizes[0] :].t() @ _earlier(states, ctx.sizes)
        return gates, d_weight, products.sum(dim=0), None


class _Packed:
    def packed(self, inputs: Tensor, which: Tensor, sizes: list[int]) -> Tensor:
        """The top layer's states (N, H) for rows packed as `sizes` (T) says; place k's input is inputs[which[k]].

        Few different inputs (R, I) cost little, whatever N is.
        """
        if inputs.is_cuda:
            states, _ = self(F.embedding(which, inputs).unflatten(0, (len(sizes), -1)))
            return states.flatten(0, 1)
        first, *others = self.all_weights
        states = self.layer(F.embedding(which, self.projected(inputs, *first)), first, sizes)
        for weights in others:
            states = self.layer(self.projected(states, *weights), weights, sizes)
        return states


class LSTM(_Packed, nn.LSTM):
    """nn.LSTM with `packed`."""

    def projected(self, inputs: Tensor, weight: Tensor, _: Tensor, bias: Tensor, recurrent_bias: Tensor) -> Tensor:
        return F.linear(inputs, weight, bias + recurrent_bias)

    def layer(self, gates: Tensor, weights: list[Tensor], sizes: list[int]) -> Tensor:
        return _LSTMLayer.apply(gates, weights[1], sizes)


class GRU(_Packed, nn.GRU):
    """nn.GRU with `packed`."""

    def projected(self, inputs: Tensor, weight: Tensor, _: Tensor, bias: Tensor, __: Tensor) -> Tensor:
        return F.linear(inputs, weight, bias)

    def layer(self, gates: Tensor, weights: list[Tensor], sizes: list[int]) -> Tensor:
        return _GRULayer.apply(gates, weights[1], weights[3], sizes)
