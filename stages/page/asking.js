"use strict";

// A network that asks itself, as stages/arithmetic/asking.py runs it, but one question after the other:
//
//   "87+65="  ->  "7+5", which it answers with "12";  "87+65=12="  ->  "8+6", …;  "87+65=12=14=15="  ->  "152"

class Asking {
  /** `tell` is called with each question (see `ask`) when it is asked, and again when it has its answer. */
  constructor(network, facts, tell) {
    Object.assign(this, { network, facts, tell, memory: new Map() });
  }

  /** Yields null from time to time. Returns {text, asks, value, fault, probability}: the question, with those it asked. */
  *ask(text, above = null) {
    const { tokens, eos, pad } = this.facts;
    const asked = { text, above, depth: above ? above.depth + 1 : 0, asks: [], value: null, fault: null, probability: 1 };
    this.memory.set(text, asked);
    this.tell(asked);
    while (asked.value === null && asked.fault === null) {
      const read = [text, ...asked.asks.map(({ value }) => value), ""].join("=");
      const written = [];
      for (const step of this.network.answer([...read].map((one) => tokens.indexOf(one)))) {
        yield null;
        if (step) written.push(step);
      }
      for (const { token, probabilities } of written) asked.probability *= probabilities[token];
      const ended = written.at(-1).token === eos;
      const said = written.slice(0, ended ? -1 : undefined).map(({ token }) => (token === pad ? "_" : tokens[token])).join("");
      if (ended && /^-?[0-9]+$/.test(said)) asked.value = said;
      else asked.fault = this.fault(asked, said, ended) || (yield* this.hear(asked, said));
    }
    this.tell(asked);
    return asked;
  }

  fault(asked, said, ended) {
    if (!ended) return "writes without end";
    try {
      new Expression(said, true);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return `asks '${said}'`;
    }
    const [steps, depth, questions] = this.facts.limits;
    return asked.asks.length === steps || asked.depth === depth || this.memory.size === questions ? "asks without end" : null;
  }

  /** Get the answer to a question; returns why there is none, if so. */
  *hear(asked, said) {
    const answer = this.memory.get(said) ?? (yield* this.ask(said, asked));
    if (answer.value === null) return answer.fault === null ? "asks in a circle" : `asks ${said}, which has no answer`;
    asked.asks.push(answer);
    asked.probability *= answer.probability;
    return null;
  }
}
