"""LSTM and GRU for the CPU, about twice as fast as PyTorch's on short rows. On a GPU they use cuDNN.

CELLS["lstm"](256, 256, 2).over([(values, which)], steps)  ->  states (N, H)

Weights and `forward` are those of nn.LSTM and nn.GRU. `over` computes the same states with our own `recurrence`. It
multiplies each distinct input of the first layer only once: each of the 18 tokens, each row's context.

N places (see `layout`), n of them at one step, R distinct inputs of size I, hidden size H, G gates: LSTM 4, GRU 3.
"""

import warnings
from functools import reduce

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from stages.network.layout import Steps
from stages.network.recurrence import GRULayer, LSTMLayer, State, gru_step, lstm_step

Input = tuple[Tensor, Tensor]  # distinct values (R, I), and the index of the value at each place (N)


class Layers(nn.RNNBase):
    """Adds `over` and `step` to a recurrent module of PyTorch. A subclass defines `cell`, one step of one layer."""

    # Forward and backward over all steps; if None, autograd differentiates through `cell`
    function: type[torch.autograd.Function] | None = None

    def cell(self, gates: Tensor, layer: int, before: State | None) -> State:
        """One layer's new state, from the input's part of the gates (n, G·H) and the previous state."""
        raise NotImplementedError

    def over(self, inputs: list[Input], steps: Steps) -> Tensor:
        """The top layer's states (N, H) over the steps of a layout, from concatenated inputs: values[which[k]] at k."""
        if inputs[0][0].is_cuda:
            whole = torch.cat([F.embedding(which, values) for values, which in inputs], dim=1)
            return self.whole(whole.unflatten(0, (len(steps), -1))).flatten(0, 1)
        parts = self.parts([values for values, _ in inputs])
        looked_up = [F.embedding(which, part) for part, (_, which) in zip(parts, inputs, strict=True)]
        states = self.through(reduce(torch.add, looked_up), 0, steps)
        for layer in range(1, self.num_layers):
            states = self.through(self.projected(states, layer), layer, steps)
        return states

    def through(self, gates: Tensor, layer: int, steps: Steps) -> Tensor:
        """One layer's states (N, H) over the steps, from the input's part of the gates (N, G·H)."""
        if self.function:
            return self.function.apply(gates, *self.recurrent(layer), steps)
        states: list[State] = []
        start = 0
        for here, before in steps:
            if isinstance(before, slice):
                before = slice(before.start - start, before.stop - start)
            elif before is not None:
                before = before - start
            earlier = None if before is None else tuple(part[before] for part in states[-1])
            states.append(self.cell(gates[here], layer, earlier))
            start = here.start
        return torch.cat([state for state, *_ in states])

    def bias_of(self, layer: int) -> Tensor:
        """The bias of a layer's gates (G·H)."""
        return self.all_weights[layer][2] + self.all_weights[layer][3]

    def recurrent(self, layer: int) -> list[nn.Parameter]:
        """The layer's parameters that `function` takes after the gates."""
        return self.all_weights[layer][1:2]

    def projected(self, inputs: Tensor, layer: int) -> Tensor:
        """The input's part of a layer's gates (R, G·H), bias included, from inputs (R, I)."""
        return F.linear(inputs, self.all_weights[layer][0], self.bias_of(layer))

    def parts(self, inputs: list[Tensor]) -> list[Tensor]:
        """The first layer's `projected` for each of several concatenated inputs (R, I); the sum is that of all."""
        weights = self.all_weights[0][0].split([values.shape[1] for values in inputs], dim=1)
        biases = [self.bias_of(0), *[None] * (len(inputs) - 1)]
        return [F.linear(*part) for part in zip(inputs, weights, biases, strict=True)]

    def whole(self, inputs: Tensor) -> Tensor:
        """PyTorch's own states (T, B, H) for inputs (T, B, I), in autocast's precision if autocast is on."""
        kind = inputs.device.type
        if not torch.is_autocast_enabled(kind):
            return self(inputs)[0]
        # Autocast alone would run cuDNN's recurrences in float16, whatever its dtype
        low = torch.get_autocast_dtype(kind)
        weights = {name: weight.to(low) for name, weight in self.named_parameters()}
        # cuDNN warns that these weights are not contiguous
        with torch.autocast(kind, enabled=False), warnings.catch_warnings(action="ignore"):
            return functional_call(self, weights, inputs.to(low))[0]

    def step(self, gates: Tensor, before: list[State] | None) -> tuple[Tensor, list[State]]:
        """The top layer's state (n, H), and all states, after a step from the first layer's `projected` input."""
        states: list[State] = []
        for layer in range(self.num_layers):
            if layer:
                gates = self.projected(states[-1][0], layer)
            states.append(self.cell(gates, layer, before[layer] if before else None))
        return states[-1][0], states


class LSTM(Layers, nn.LSTM):
    """nn.LSTM with `over` and `step`."""

    function = LSTMLayer

    def cell(self, gates: Tensor, layer: int, before: State | None) -> State:
        state, cell = gates.new_empty(2, len(gates), self.hidden_size)
        (weight,) = self.recurrent(layer)
        lstm_step(gates, weight, before, state, cell)
        return state, cell


class GRU(Layers, nn.GRU):
    """nn.GRU with `over` and `step`."""

    function = GRULayer

    def bias_of(self, layer: int) -> Tensor:
        """The input bias of a layer's gates (3H). The recurrent bias stays apart: the reset gate scales it."""
        return self.all_weights[layer][2]

    def recurrent(self, layer: int) -> list[nn.Parameter]:
        return self.all_weights[layer][1::2]

    def cell(self, gates: Tensor, layer: int, before: State | None) -> State:
        state = gates.new_empty(len(gates), self.hidden_size)
        weight, bias = self.recurrent(layer)
        gru_step(gates, weight, bias, before, state, torch.empty_like(gates))
        return (state,)


CELLS = {"lstm": LSTM, "gru": GRU}
