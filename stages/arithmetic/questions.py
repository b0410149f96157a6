"""School arithmetic as questions: what to ask next, from a question and the values of what was asked so far.

'87+65'                      ->  '7+5'    the last digits
'87+65', values '12'         ->  '8+6'    what is before them
'87+65', values '12', '14'   ->  '14+1'   the carry
'87+65', values '12' to '15' ->  '152'    a number is the answer

The rule is complete for expressions of the grammar whose numbers have no leading zero, of any length. No question is
about more than two digits at once; every other answer is put together from digits of the question and of the values.
A network that learns it (Lee and Kim 2023, "Recursion of Thought") has to learn the same few steps at every place.
"""

import re
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence

from stages.arithmetic import grammar

Question = Generator[str, str, str]  # yields questions, gets their values, returns its own value

# A number of several digits, a, times a digit: one of four tricks, by the last digit of a. Together their questions
# have what longer expressions have: more than three terms, operators in many orders, something in the middle that comes
# first, differences of long numbers, and a negative number in front of others. k*a goes by the digits of a
TIMES = {
    "0": ["0"] * 4,
    "1": ["a"] * 4,
    "2": ["a+a", "a+a", "a+a-a+a", "a-a+a+a"],
    "3": ["a+a+a", "a*2*2-a", "a-2*a+2*a+2*a", "2*a+2*a-a"],
    "4": ["a+a+a+a", "a*2+a+a", "6*a-a-a", "2*a-a+3*a"],
    "5": ["2*a+2*a+a", "a*2*2+a", "a+a*2*2", "9*a-a*2*2"],
    "6": ["(a+a+a)*2", "a0-a*2-2*a", "a-a+a*2*3", "a+7*a-2*a"],
    "7": ["a0-(a+a)-a", "a0-a-a-a", "a+a0-2*2*a", "a-3*a-a+a0"],
    "8": ["(a+a)*2*2", "a0-a*3+a", "a*2*2*2", "a+a+a+5*a"],
    "9": ["a0-a", "a0-2*a+a", "a0+a-a-a", "a0-a-a+a"],
}
ALONE = re.compile(r"\((-?[0-9]+)\)")  # a number in parentheses
PAIR = re.compile(r"(-?)([0-9]+)([+*-])(-?)([0-9]+)")
# Two numbers that are worked out first, as no product follows; a number, if what follows it is worked out first
FIRST = re.compile(r"-?[0-9]+(?:\*-?[0-9]+(?!\d)|[+-]-?[0-9]+(?![0-9*]))")
SECOND = re.compile(r"-?[0-9]+[+*-]")

# What a question is, by what its first step has to do
KINDS = "expression", "terms", "signs", "product", "sum", "difference", "digits"


def following(question: str, values: Sequence[str]) -> str:
    """The next question, without '=', or the answer, which is a number; `values` are those of the questions so far."""
    asked = _rule(question)
    try:
        written = next(asked)
        for value in values:
            written = asked.send(value)
    except StopIteration as end:
        return end.value
    return written


def kind(question: str) -> str:
    """The kind of a question, one of KINDS without the first."""
    if not (pair := PAIR.fullmatch(question)):
        return "terms"
    sign, a, operator, other, b = pair.groups()
    if sign or other:
        return "signs"
    return "digits" if len(a) == len(b) == 1 else {"*": "product", "+": "sum", "-": "difference"}[operator]


def shape(read: str) -> str:
    """What alike steps have in common: the lengths of numbers, 0 for a 0; of more than two numbers only the operators.

    '18-16=2=0=' -> '2-2=1=0=', '5+6*7=42=' -> 'n+n*n=n='
    """
    lengths = PAIR.fullmatch(read.partition("=")[0])
    return grammar.NUMBER.sub(lambda number: str(len(number[0].lstrip("0"))) if lengths else "n", read)


def steps(question: str) -> Iterator[tuple[str, str]]:
    """What is read and what is written at each step of a question, up to its answer."""
    values: list[str] = []
    while True:
        written = following(question, values)
        yield "=".join([question, *values, ""]), written
        if grammar.SIGNED.fullmatch(written):
            return
        values.append(str(grammar.value(written, signed=True)))


def raised(expressions: Sequence[str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The expressions and all questions that come up to answer them, each once, with its steps."""
    known, todo = set(expressions), list(expressions)
    while todo:
        question = todo.pop()
        own = list(steps(question))
        yield question, own
        new = dict.fromkeys(written for _, written in own[:-1] if written not in known)
        known.update(new)
        todo += new


def traces(expressions: Sequence[str]) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """The steps of some expressions and of all questions that come up, by kind and shape.

    The expressions themselves are of the first kind, unless they are two numbers.
    """
    rows: dict[str, dict[str, list]] = {name: defaultdict(list) for name in KINDS}
    given = set(expressions)
    for question, own in raised(expressions):
        name = kind(question)
        shapes = rows[KINDS[0] if name == "terms" and question in given else name]
        for read, written in own:
            shapes[shape(read)].append((read, written))
    return rows


def _rule(question: str) -> Question:
    while (simpler := ALONE.sub(r"\1", question)) != question:
        question = simpler
    if grammar.SIGNED.fullmatch(question):
        return question
    if not (pair := PAIR.fullmatch(question)):
        start, end = _first(question)
        part = question[start:end]
        value = yield part[1:-1] if part[0] == "(" else part
        return value if part == question else (yield question[:start] + value + question[end:])
    sign, a, operator, other, b = pair.groups()
    if sign or other:
        return (yield from _signs(bool(sign), a, operator, bool(other), b))
    if len(a) == len(b) == 1:
        return str(grammar.value(question))
    return (yield from {"+": _sum, "-": _difference, "*": _product}[operator](a, b))


def _first(question: str) -> tuple[int, int]:
    """Where the part that is worked out first starts and ends: two numbers, or something in parentheses."""
    at = 0
    while question[at] != "(":
        if pair := FIRST.match(question, at):
            return pair.span()
        at = next(SECOND.finditer(question, at)).end()
    depth = 0
    for end in range(at, len(question)):
        depth += (question[end] == "(") - (question[end] == ")")
        if depth == 0:
            break
    return at, end + 1


def _signs(negative: bool, a: str, operator: str, other: bool, b: str) -> Question:
    """Of two numbers, of which at least one is negative: asks about them without their signs."""
    if operator == "*":
        minus, question = negative != other, f"{a}*{b}"
    elif other == (operator == "-"):  # b is added: 5--3, -5+3
        minus, question = False, f"{b}-{a}" if negative else f"{a}+{b}"
    else:
        minus, question = negative, f"{a}+{b}" if negative else f"{a}-{b}"
    value = yield question
    return f"-{value}" if minus and value != "0" else value


def _sum(a: str, b: str) -> Question:
    low = yield f"{a[-1]}+{b[-1]}"
    high = (yield f"{a[:-1]}+{b[:-1]}") if a[:-1] and b[:-1] else a[:-1] or b[:-1]
    if len(low) == 2:
        high = yield f"{high}+1"
    return high + low[-1]


def _difference(a: str, b: str) -> Question:
    """Never compares the numbers: the sign is that of the first digits that differ."""
    low = yield f"{a[-1]}-{b[-1]}"
    high = (yield f"{a[:-1]}-{b[:-1]}") if a[:-1] and b[:-1] else a[:-1] or f"-{b[:-1]}"
    if high == "0":
        return low
    if low == "0" or (high[0] == "-") == (low[0] == "-"):
        return high + low.lstrip("-")
    front = yield f"{high.lstrip('-')}-1"  # 40 less 3 is 37: 4-1, and 9-3+1
    nines = yield f"9-{low.lstrip('-')}"
    last = yield f"{nines}+1"
    return "-" * (high[0] == "-") + front.lstrip("0") + last


def _product(a: str, b: str) -> Question:
    if len(b) == 1:
        simpler = TIMES[b][int(a[-1]) % 4].replace("a", a)
        return simpler if grammar.SIGNED.fullmatch(simpler) else (yield simpler)
    low = yield f"{a}*{b[-1]}"
    high = yield f"{a}*{b[:-1]}"
    return low if high == "0" else (yield f"{high}0+{low}")
