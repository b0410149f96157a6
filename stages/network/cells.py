"""LSTM and GRU for a CPU, about twice as fast as PyTorch's on short rows; on a GPU they are cuDNN's.

CELLS["lstm"](256, 256, 2).over([(values, which)], steps)  ->  states (N, H)

The weights are nn.LSTM's and nn.GRU's own, and so is `forward`. `over` computes the same with our own `recurrence`, and
multiplies each of the first layer's different inputs once: each of the 18 tokens, each row's context.

N places in all, n of them at one step, R different inputs of size I, hidden size H, G gates: 4 (LSTM) or 3 (GRU).
"""

import warnings
from functools import reduce

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from stages.network.layout import Steps
from stages.network.recurrence import GRULayer, LSTMLayer, State, gru_step, lstm_step

Input = tuple[Tensor, Tensor]  # different values (R, I), and which of them each place has (N)


class Layers(nn.RNNBase):
    """What a cell adds to PyTorch's module of the same name. Of its own it needs `cell`, one step of one layer."""

    # Over all steps; without one PyTorch differentiates through `cell`
    function: type[torch.autograd.Function] | None = None

    def cell(self, gates: Tensor, layer: int, before: State | None) -> State:
        """One step of one layer: its new state, from its inputs' part of the gates (n, G·H) and its state before."""
        raise NotImplementedError

    def over(self, inputs: list[Input], steps: Steps) -> Tensor:
        """The top layer's states (N, H) over the steps of a layout; of each input place k gets values[which[k]].

        Few different values (R, I) cost little, however large N is. Those of several inputs stand side by side.
        """
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
        """One layer's states (N, H) over the steps, from its inputs' part of the gates (N, G·H)."""
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
        """What is added to a layer's gates (G·H) whatever its input and state."""
        return self.all_weights[layer][2] + self.all_weights[layer][3]

    def recurrent(self, layer: int) -> list[nn.Parameter]:
        """What the kernel needs beside the gates."""
        return self.all_weights[layer][1:2]

    def projected(self, inputs: Tensor, layer: int) -> Tensor:
        """The part of a layer's gates (R, G·H) that its inputs (R, I) make."""
        return F.linear(inputs, self.all_weights[layer][0], self.bias_of(layer))

    def parts(self, inputs: list[Tensor]) -> list[Tensor]:
        """`projected` of the first layer for inputs (R, I) that stand side by side, apart: the sum is the whole."""
        weights = self.all_weights[0][0].split([values.shape[1] for values in inputs], dim=1)
        biases = [self.bias_of(0), *[None] * (len(inputs) - 1)]
        return [F.linear(*part) for part in zip(inputs, weights, biases, strict=True)]

    def whole(self, inputs: Tensor) -> Tensor:
        """PyTorch's own states (T, B, H) for inputs (T, B, I), in autocast's precision where that is on.

        Autocast itself would give cuDNN's recurrences float16, whatever it was told.
        """
        kind = inputs.device.type
        if not torch.is_autocast_enabled(kind):
            return self(inputs)[0]
        low = torch.get_autocast_dtype(kind)
        weights = {name: weight.to(low) for name, weight in self.named_parameters()}
        with torch.autocast(kind, enabled=False), warnings.catch_warnings(action="ignore"):  # of weights not in one row
            return functional_call(self, weights, inputs.to(low))[0]

    def step(self, gates: Tensor, before: list[State] | None) -> tuple[Tensor, list[State]]:
        """One step without gradients, from the first layer's `projected` input, which is overwritten.

        Gives the top layer's state (n, H) and what the next step needs.
        """
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
        """What is added to a layer's gates (3H) whatever its input and state; the recurrent one is scaled by a gate."""
        return self.all_weights[layer][2]

    def recurrent(self, layer: int) -> list[nn.Parameter]:
        return self.all_weights[layer][1::2]

    def cell(self, gates: Tensor, layer: int, before: State | None) -> State:
        state = gates.new_empty(len(gates), self.hidden_size)
        weight, bias = self.recurrent(layer)
        gru_step(gates, weight, bias, before, state, torch.empty_like(gates))
        return (state,)


CELLS = {"lstm": LSTM, "gru": GRU}
