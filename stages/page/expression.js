"use strict";

// The language of the corpus as stages/arithmetic/grammar.py reads it, with the same messages.
//
//   new Expression("12 * (3+4)").value  ->  84n
//   new Expression("12*(3+")            ->  Malformed: '12*(3+': position 7: expected a number or '(', found the end

const LONGEST = 200; // characters, blanks not counted
const BLANK = /^(?!\ufeff)[\s\x1c-\x1f\x85]$/; // what Python's isspace accepts

class Malformed extends Error {}

/** Any text as a part of one line, as `shown` of stages/command.py: at most `most` characters, control characters escaped. */
function shown(text, most = 60) {
  const safe = [...text].slice(0, most + 1).map(escaped).join("");
  return [...safe].length <= most ? safe : `${[...safe].slice(0, most - 1).join("")}…`;
}

function escaped(character) {
  if (!/[\p{C}\p{Z}]/u.test(character) || character === " ") return character;
  const named = { "\t": "\\t", "\n": "\\n", "\r": "\\r" }[character];
  const code = character.codePointAt(0).toString(16);
  const [letter, width] = code.length <= 2 ? ["x", 2] : code.length <= 4 ? ["u", 4] : ["U", 8];
  return named ?? `\\${letter}${code.padStart(width, "0")}`;
}

/** One character in quotes, as Python's repr writes it. */
function quoted(character) {
  if (character === "'") return `"'"`;
  return `'${character === "\\" ? "\\\\" : escaped(character)}'`;
}

/** An expression's `value` (BigInt), and its `source`: what the network reads. Numbers may have a minus sign if `signed`. */
class Expression {
  constructor(text, signed = false) {
    this.signed = signed;
    this.text = [...text]; // whole characters, as Python counts them
    this.at = 0;
    const solid = [...this.text.keys()].filter((place) => !BLANK.test(this.text[place]));
    if (solid.length > LONGEST) {
      const where = `'${shown(text, 20)}': position ${solid[LONGEST] + 1}`;
      throw new Malformed(`${where}: too long; at most ${LONGEST} characters, not counting blanks`);
    }
    this.value = this.sum();
    if (this.peek() === "=") this.at++;
    if (this.peek()) this.fail("an operator, '=' or the end");
    const bare = solid.map((place) => this.text[place]).join("");
    this.source = bare.endsWith("=") ? bare : `${bare}=`;
  }

  sum() {
    let value = this.term();
    while (["+", "-"].includes(this.peek())) {
      const minus = this.text[this.at++] === "-";
      const term = this.term();
      value = minus ? value - term : value + term;
    }
    return value;
  }

  term() {
    let value = this.factor();
    while (this.peek() === "*") {
      this.at++;
      value *= this.factor();
    }
    return value;
  }

  factor() {
    const minus = this.signed && this.peek() === "-" && /^[0-9]$/.test(this.text[this.at + 1] ?? "");
    if (minus) this.at++;
    if (/^[0-9]$/.test(this.peek())) {
      const start = this.at;
      while (/^[0-9]$/.test(this.text[this.at] ?? "")) this.at++;
      const value = BigInt(this.text.slice(start, this.at).join(""));
      return minus ? -value : value;
    }
    if (this.peek() !== "(") this.fail("a number or '('");
    this.at++;
    const value = this.sum();
    if (this.peek() !== ")") this.fail("an operator or ')'");
    this.at++;
    return value;
  }

  /** The next character that is no blank, or nothing at the end. */
  peek() {
    while (BLANK.test(this.text[this.at])) this.at++;
    return this.text[this.at] ?? "";
  }

  fail(wanted) {
    const found = this.peek() ? quoted(this.peek()) : "the end";
    throw new Malformed(`'${shown(this.text.join(""))}': position ${this.at + 1}: expected ${wanted}, found ${found}`);
  }

  /** Nothing if the corpus over 0..operands-1 has this expression, else the reason why not. */
  unseen({ operands, shapes }) {
    const numbers = this.source.match(/[0-9]+/g);
    if (!shapes.includes(this.source.replace(/[0-9]+/g, "n").slice(0, -1))) return "an expression of this shape";
    if (numbers.some((number) => BigInt(number) >= operands)) return `an operand above ${operands - 1}`;
    return numbers.some((number) => /^0./.test(number)) ? "an operand with a leading zero" : null;
  }
}

/** The first step of an answer that does not equal the expression before it, as stages/work.py names it; "" if none. */
function wrongStep({ source, value }, written) {
  const steps = written.split("=");
  if (!/^-?[0-9]+$/.test(steps.at(-1))) steps.push("");
  let before = source.slice(0, -1);
  for (const [place, step] of steps.entries()) {
    const right = place === steps.length - 1 ? step === `${value}` : equals(step, value);
    if (!right) return step ? `${before}: ${step} is wrong` : `${before}: the next step is missing`;
    before = step;
  }
  return "";
}

function equals(step, value) {
  try {
    return new Expression(step, true).value === value;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return false;
  }
}
