"use strict";

// The calculator at the top of the page: answers the expression while it is being typed.

{
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const ids = ["asking", "expression", "output", "note", "written", "questions", "stop"];
  const [form, input, output, note, written, questions, stop] = ids.map((id) => document.getElementById(id));
  const SLICE = 16; // milliseconds of calculation between two chances to handle a keystroke: one frame
  let network = null; // a promise, from the first use on
  let turn = 0; // number of the latest question; answers to earlier ones are dropped

  const pause = () => new Promise((done) => setTimeout(done));
  const percent = (share) => `${(100 * share).toFixed(share < 0.9995 ? 1 : 0)} %`;

  async function unpacked() {
    const tensors = await unpack(document.getElementById("weights").textContent.trim(), facts.tensors);
    return new Network(facts, tensors);
  }

  /** What a generator returns, run in slices; what it yields goes to `heard`. Null if a newer question has arrived. */
  async function run(steps, mine, heard) {
    let began = performance.now();
    while (mine === turn) {
      const { done, value } = steps.next();
      if (done) return { value };
      if (value) heard(value);
      if (performance.now() - began < SLICE) continue;
      await pause();
      began = performance.now();
    }
    return null;
  }

  /** The verdict on an answer that is written in one go; null if a newer question has arrived. */
  async function wrote(ready, expression, mine) {
    const tokens = [];
    const steps = ready.answer([...expression.source].map((one) => facts.tokens.indexOf(one)));
    if (!(await run(steps, mine, (step) => tokens.push(step)))) return null;
    draw(expression.source, tokens);
    return verdict(expression, tokens);
  }

  /** The verdict on an answer that is worked out, question by question; null if a newer question has arrived. */
  async function workedOut(ready, expression, mine) {
    questions.replaceChildren();
    [questions.hidden, stop.hidden] = [false, false];
    const steps = new Asking(ready, facts, shown).ask(expression.source.slice(0, -1));
    const ended = await run(steps, mine, () => {});
    stop.hidden = mine === turn || stop.hidden;
    if (!ended) return null;
    const { value, fault, probability } = ended.value;
    return judged(expression, value ?? `(${fault})`, value === `${expression.value}`, probability, "");
  }

  /** A question in the tree: open while it is worked on, with a mark as soon as it has an answer. */
  function shown(asked) {
    if (!asked.above) return;
    if (!asked.item) {
      asked.item = element("li", "");
      asked.item.append(element("span", asked.text), element("ol", ""));
      (asked.above.item?.lastChild ?? questions).append(asked.item);
      return;
    }
    const right = asked.value === `${new Expression(asked.text, true).value}`;
    const mark = element("strong", right ? " ✓" : " ✗", { className: right ? "good" : "bad" });
    asked.item.firstChild.append(`=${asked.value ?? "?"}`, mark);
    if (asked.asks.length) fold(asked.item);
  }

  /** The item's questions below a line that opens and closes. */
  function fold(item) {
    const [line, below] = item.children;
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.append(line);
    details.append(summary, below);
    item.append(details);
  }

  async function calculate() {
    const mine = ++turn;
    [written.hidden, questions.hidden, stop.hidden] = [true, true, true];
    if (!input.value.trim()) return tell("", "");
    let expression;
    try {
      expression = new Expression(input.value);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return tell("", error.message);
    }
    output.setAttribute("aria-busy", "true");
    try {
      network ??= unpacked();
      const answered = await (facts.scratchpad === "questions" ? workedOut : wrote)(await network, expression, mine);
      if (!answered) return;
      const reason = expression.unseen(facts);
      tell(answered, reason ? `warning: the network never saw ${reason}` : "");
    } catch (error) {
      tell("", `This browser cannot run the network (${error.message}); use python -m stages.predict.`);
    }
  }

  function tell(answer, words) {
    output.replaceChildren(...[answer].flat());
    note.textContent = words;
    output.setAttribute("aria-busy", "false");
  }

  /** As in predict.py: an answer without an end mark was cut off, so it is wrong. */
  function verdict(expression, tokens) {
    const { source, value } = expression;
    const answer = tokens.filter(({ token }) => token !== facts.eos).map(({ token }) => character(token)).join("");
    const steps = facts.scratchpad === "none" ? [answer] : answer.split("=");
    const right = tokens.at(-1).token === facts.eos && steps.at(-1) === `${value}`;
    const step = steps.length > 1 ? wrongStep(expression, answer) : "";
    const probability = tokens.reduce((product, { token, probabilities }) => product * probabilities[token], 1);
    return judged(expression, answer, right, probability, step);
  }

  function judged({ source, value }, answer, right, probability, step) {
    const mark = element("strong", right ? "✓ right" : `✗ wrong: it is ${value}`, { className: right ? "good" : "bad" });
    const parts = [element("code", `${source} ${answer}`), " ", mark];
    if (step) parts.push(" (", element("span", step, { className: "bad" }), ")");
    return [...parts, ` with probability ${probability.toFixed(4)}`];
  }

  /** One row per character of the answer: its probability, the next two candidates, and the attention. */
  function draw(source, tokens) {
    const looks = tokens[0].looked !== null && source.length <= facts.widest;
    const heads = ["answer", "probability", "next candidates"].map((title) => element("th", title, { scope: "col" }));
    heads[2].className = "next";
    const characters = looks ? [...source].map((one) => element("th", one, { scope: "col", className: "looked" })) : [];
    written.tHead.replaceChildren(row([...heads, ...characters]));
    written.tBodies[0].replaceChildren(
      ...tokens.map(({ token, probabilities, looked }) => {
        const order = [...probabilities.keys()].sort((one, two) => probabilities[two] - probabilities[one]);
        const next = order.filter((id) => id !== token).slice(0, 2);
        const candidates = next.map((id) => `${character(id)} ${percent(probabilities[id])}`).join(", ");
        return row([
          element("th", character(token), { scope: "row" }),
          shaded(percent(probabilities[token]), probabilities[token], "sure"),
          element("td", candidates, { className: "next" }),
          ...[...(looks ? looked : [])].map((share) => shaded(String(Math.round(100 * share)), share, "looked")),
        ]);
      }),
    );
    written.hidden = false;
  }

  const character = (id) => (id === facts.eos ? "end" : id === facts.pad ? "_" : facts.tokens[id]);

  function element(name, text, properties = {}) {
    return Object.assign(document.createElement(name), { textContent: text }, properties);
  }

  function shaded(text, share, kind) {
    const cell = element("td", text, { className: `shade ${kind}` });
    cell.style.setProperty("--share", `${Math.round(100 * share)}%`);
    return cell;
  }

  function row(cells) {
    const made = document.createElement("tr");
    made.append(...cells);
    return made;
  }

  stop.addEventListener("click", () => {
    turn++;
    stop.hidden = true;
    tell("", "stopped");
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", calculate);
  for (const button of form.querySelectorAll("button[data-pick]")) {
    const rows = facts[button.dataset.pick];
    button.hidden = !rows.length;
    button.addEventListener("click", () => {
      input.value = rows[Math.floor(Math.random() * rows.length)].slice(0, -1);
      calculate();
    });
  }
  document.getElementById("more").parentElement.hidden = facts.scratchpad === "questions"; // it has no table of characters
  document.getElementById("calculator").hidden = false;
  if (input.value) calculate(); // kept by the browser when the page is loaded again
}
