"""Asking a network that asks itself: it writes a question, is asked that, hears its answer, and goes on up to a number.

'87+65='            ->  '7+5', to which it answers '12'
'87+65=12='         ->  '8+6', …
'87+65=12=14=15='   ->  '152', the answer

Many questions are answered side by side, each once: the memory has the network's own answers, and nothing else.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stages.arithmetic import grammar
from stages.common.messages import BadInput

Write = Callable[[list[str]], list[tuple[str | None, float]]]  # texts to what a network writes, None if it never ends

TOGETHER = 1 << 16  # rows of a table that share a memory; with right answers it takes 70 MiB
# Limits to a question's steps, to the depth of questions, and to a row's different questions. By the rule, the product
# of six numbers of four digits is 30 deep and raises 890 questions
STEPS, DEPTH, QUESTIONS = 8, 100, 1000


@dataclass
class Asked:
    """A question: what the network asked to answer it, and the values that it heard; `value` is None if it never ended.

    The probability is of all that was written for it, also for the questions that it asked.
    """

    row: int  # that it was first asked for
    depth: int
    asks: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    value: str | None = None
    fault: str = ""  # why there is no value
    probability: float = 1.0

    def __str__(self) -> str:
        """The work, '3+4=7=12*7=84=84' for 12*(3+4), with nothing behind the last '=' if there is no value."""
        steps = [f"{question}={value}=" for question, value in zip(self.asks, self.values, strict=False)]
        return "".join(steps) + (self.value or ("" if steps else "="))


def solve(questions: Sequence[str], write: Write) -> dict[str, Asked]:
    """The memory after all questions, without '=', were answered: everything that was asked, by question."""
    memory = {question: Asked(row, 0) for row, question in enumerate(questions)}
    numbers = [1] * len(questions)  # of each row's different questions
    waiting = defaultdict[str, list[str]](list)  # for the answer to a question
    ready = list(memory)
    while ready:
        ended = []
        batch, ready = ready, []
        read = ["=".join([question, *memory[question].values, ""]) for question in batch]
        for question, (text, probability) in zip(batch, write(read), strict=True):
            asked = memory[question]
            asked.probability *= probability
            if text is None:
                asked.fault = "writes without end"
            elif grammar.SIGNED.fullmatch(text):
                asked.value = text
            elif fault := _fault(asked, text, numbers[asked.row]):
                asked.fault = fault
            else:
                asked.asks.append(text)
                waiting[text].append(question)
                if text not in memory:
                    memory[text] = Asked(asked.row, asked.depth + 1)
                    numbers[asked.row] += 1
                    ready.append(text)
                elif memory[text].value or memory[text].fault:
                    ended.append(text)
                continue
            ended.append(question)
        while ended:
            answer = memory[question := ended.pop()]
            for asker in waiting.pop(question, []):
                asked = memory[asker]
                asked.probability *= answer.probability
                if answer.value is None:
                    asked.fault = f"asks {question}, which has no answer"
                    ended.append(asker)
                else:
                    asked.values.append(answer.value)
                    ready.append(asker)
    for asked in memory.values():
        if not (asked.value or asked.fault):
            asked.fault = "asks in a circle"
    return memory


def _fault(asked: Asked, text: str, questions: int) -> str:
    """Why a text is no question that may be asked now; empty if it is one."""
    try:
        grammar.value(text, signed=True)
    except BadInput:
        return f"asks '{text}'"
    limits = len(asked.asks) == STEPS or asked.depth == DEPTH or questions == QUESTIONS
    return "asks without end" if limits else ""


def wrong(question: str, memory: Mapping[str, Asked]) -> str | None:
    """The first question that was answered wrongly although it had heard only right values; None if there is none."""
    todo, seen = [question], set[str]()
    while todo:
        asked = memory[todo[-1]]
        if new := next((one for one in asked.asks[: len(asked.values)] if one not in seen), None):
            seen.add(new)
            todo.append(new)
        elif asked.value != str(grammar.value(last := todo.pop(), signed=True)):
            return last
    return None


def tree(question: str, memory: Mapping[str, Asked], lines: int) -> list[str]:
    """The questions asked to answer a question, as many levels of them as fit into so many lines."""
    numbers: dict[str, int] = {}  # of questions below a question

    def number(question: str) -> int:
        if question not in numbers:
            numbers[question] = sum(1 + number(one) for one in heard(question))
        return numbers[question]

    def heard(question: str) -> list[str]:
        return memory[question].asks[: len(memory[question].values)]

    def drawn(question: str, depth: int, deepest: int) -> list[str]:
        own = []
        for one in heard(question):
            more = f"  ({number(one)} more)" if depth == deepest and number(one) else ""
            own.append(f"{'    ' * depth}{one}={memory[one].value}{more}")
            own += drawn(one, depth + 1, deepest) if depth < deepest else []
        return own

    levels = [drawn(question, 1, deepest) for deepest in range(1, 5)]
    return next((level for level in reversed(levels) if len(level) <= lines), levels[0][:lines])
