"use strict";

// The network of stages/network/seq2seq.py, one token at a time: the encoder reads the source, its last state is the
// context, and the decoder writes the likeliest token at each step. Where tokens can be copied, the encoder's last layer
// reads from right to left.
//
//   new Network(facts, tensors).answer([3, 4, 13, …])  ->  {token: 10, probabilities: […], looked: […]}, …
//
// S source tokens, E embedding size, H hidden size, G gates: 4 (LSTM) or 3 (GRU), V = 18 tokens. A matrix is {rows,
// columns, values}, row after row, as in the model file; a vector is a Float32Array.

/** A matrix' columns from `first` on times a vector, added to `start` (rows), which is nothing or a bias. */
function product({ rows, columns, values }, vector, start, first = 0) {
  const out = start ? start.slice() : new Float32Array(rows);
  const wide = vector.length;
  let row = 0;
  for (; row + 3 < rows; row += 4) { // four rows at a time take two thirds as long as one after the other
    let [one, two, three, four] = [0, 0, 0, 0];
    const at = row * columns + first;
    for (let n = 0; n < wide; n++) {
      const value = vector[n];
      one += values[at + n] * value;
      two += values[at + columns + n] * value;
      three += values[at + 2 * columns + n] * value;
      four += values[at + 3 * columns + n] * value;
    }
    out[row] += one;
    out[row + 1] += two;
    out[row + 2] += three;
    out[row + 3] += four;
  }
  for (; row < rows; row++) {
    for (let n = 0; n < wide; n++) out[row] += values[row * columns + first + n] * vector[n];
  }
  return out;
}

const sum = (one, two) => one.map((value, place) => value + two[place]);
const dot = (one, two) => one.reduce((total, value, n) => total + value * two[n], 0);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

function softmax(scores) {
  const most = scores.reduce((one, two) => Math.max(one, two));
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((one, two) => one + two, 0);
  return powers.map((power) => power / total);
}

// One step of a layer: from the input's and the previous state's part of the gates (G·H each) to the new state. The gates are
// in PyTorch's order.
const CELLS = {
  lstm(input, recurrent, before) {
    const H = input.length / 4;
    const gate = (number, place) => input[number * H + place] + recurrent[number * H + place];
    const cell = before.cell.map(
      (old, n) => sigmoid(gate(1, n)) * old + sigmoid(gate(0, n)) * Math.tanh(gate(2, n)), // forget, input, candidate
    );
    return { cell, hidden: cell.map((value, n) => sigmoid(gate(3, n)) * Math.tanh(value)) };
  },
  gru(input, recurrent, before) {
    const H = input.length / 3;
    const hidden = before.hidden.map((old, n) => {
      const reset = sigmoid(input[n] + recurrent[n]);
      const update = sigmoid(input[H + n] + recurrent[H + n]);
      const candidate = Math.tanh(input[2 * H + n] + reset * recurrent[2 * H + n]);
      return (1 - update) * candidate + update * old;
    });
    return { hidden };
  },
};

/** The layers of an encoder or a decoder, one above the other. */
class Layers {
  constructor(tensors, side, { cell, layers, hidden_dim }) {
    const zero = new Float32Array(hidden_dim);
    const named = (kind, layer) => tensors[`${side}.${kind}_l${layer}`];
    this.cell = CELLS[cell];
    this.layers = Array.from({ length: layers }, (_, layer) => ({
      input: named("weight_ih", layer),
      bias: named("bias_ih", layer).values,
      recurrent: named("weight_hh", layer),
      recurrentBias: named("bias_hh", layer).values,
    }));
    this.start = this.layers.map(() => ({ hidden: zero, cell: zero }));
  }

  /** The part of the first layer's gates that comes from a part of its input, which starts at column `first`. */
  part(vector, first = 0) {
    return product(this.layers[0].input, vector, first ? null : this.layers[0].bias, first);
  }

  /** Every layer's state after one more token. */
  step(gates, before) {
    const states = [];
    for (const [number, layer] of this.layers.entries()) {
      const input = number ? product(layer.input, states[number - 1].hidden, layer.bias) : gates;
      const recurrent = product(layer.recurrent, before[number].hidden, layer.recurrentBias);
      states.push(this.cell(input, recurrent, before[number]));
    }
    return states;
  }
}

class Network {
  constructor({ shape, steps, pad, eos }, tensors) {
    Object.assign(this, { steps, pad, eos });
    this.hidden = shape.hidden_dim;
    this.back = tensors["back.weight_ih_l0"] ? new Layers(tensors, "back", { ...shape, layers: 1 }) : null;
    this.encoder = new Layers(tensors, "encoder", { ...shape, layers: Math.max(1, shape.layers - (this.back ? 1 : 0)) });
    this.decoder = new Layers(tensors, "decoder", shape);
    this.query = tensors["attention.query.weight"]; // only where the decoder attends
    [this.move, this.copy] = ["attention.move", "copy"].map((name) =>
      tensors[`${name}.weight`] ? (vector) => dot(tensors[`${name}.weight`].values, vector) + tensors[`${name}.bias`].values[0] : null,
    ); // only where it is a pointer
    this.head = [0, 2].map((number) => [tensors[`head.${number}.weight`], tensors[`head.${number}.bias`].values]);
    const { rows, columns, values } = tensors["embedding.weight"];
    const embedded = Array.from({ length: rows }, (_, id) => values.subarray(id * columns, (id + 1) * columns));
    this.reads = embedded.map((vector) => this.encoder.part(vector)); // once per token of the alphabet
    const hears = tensors["decoder.weight_ih_l0"].columns > this.hidden; // its last token, beside the context
    this.hears = hears ? embedded.map((vector) => this.decoder.part(vector, this.hidden)) : null;
    this.read = []; // {token, states} of the latest source: a shared prefix is not read again
  }

  /** Yields null per source token read, then {token, probabilities (V), looked (S)} per token written. */
  *answer(source) {
    const alike = this.read.findIndex(({ token }, place) => token !== source[place]);
    if (alike >= 0) this.read.length = alike;
    for (const token of source.slice(this.read.length)) {
      const before = this.read.length ? this.read.at(-1).states : this.encoder.start;
      this.read.push({ token, states: this.encoder.step(this.reads[token], before) });
      yield null;
    }
    let keys = this.read.map(({ states }) => states.at(-1).hidden); // S vectors
    if (this.back) {
      let states = this.back.start;
      const backwards = [];
      for (const key of [...keys].reverse()) {
        states = this.back.step(this.back.part(key), states);
        backwards.push(states.at(-1).hidden);
        yield null;
      }
      keys = backwards.reverse();
    }
    yield* this.write(keys, this.back ? keys[0] : keys.at(-1), source);
  }

  *write(keys, context, source) {
    const fixed = this.decoder.part(context); // the same at every step
    let [token, states, looked] = [this.pad, this.decoder.start, null];
    for (let step = 0; step < this.steps && token !== this.eos; step++) {
      states = this.decoder.step(this.hears ? sum(fixed, this.hears[token]) : fixed, states);
      let output = states.at(-1).hidden;
      looked = this.query ? this.look(output, keys, looked) : null;
      if (looked) output = Float32Array.from([...output, ...this.found(looked, keys)]);
      const [[inner, innerBias], [outer, outerBias]] = this.head;
      const raised = product(inner, output, innerBias).map((value) => Math.max(0, value));
      let probabilities = softmax(product(outer, raised, outerBias));
      if (this.copy) probabilities = this.mixed(probabilities, sigmoid(this.copy(output)), looked, source);
      token = probabilities.indexOf(probabilities.reduce((one, two) => Math.max(one, two)));
      yield { token, probabilities, looked };
    }
  }

  /** Attention weights over the source (S), scaled by the root of H as in stages/network/seq2seq.py; `before` are the last. */
  look(output, keys, before) {
    const query = product(this.query, output);
    const scores = keys.map((key) => dot(key, query) / Math.sqrt(this.hidden));
    if (!this.move || !before) return softmax(scores);
    const strength = 10 * Math.log1p(Math.exp(this.move(output)));
    return softmax(scores.map((score, place) => score + strength * (place ? before[place - 1] : 0)));
  }

  /** The probabilities (V) of writing a token or, with the probability `gate`, of copying it from where the network looks. */
  mixed(written, gate, looked, source) {
    const copied = new Float64Array(written.length);
    for (const [place, token] of source.entries()) copied[token] += looked[place];
    return written.map((share, token) => (1 - gate) * share + gate * copied[token]);
  }

  /** The mean of the keys with these weights. */
  found(looked, keys) {
    return keys[0].map((_, n) => keys.reduce((total, key, place) => total + looked[place] * key[n], 0));
  }
}
