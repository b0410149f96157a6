"""The rule of what to ask next: its steps written by hand, and its texts against Python's own arithmetic."""

import random

import pytest

from stages.arithmetic import grammar, questions

# (question, its steps): the questions that it asks, and its answer
STEPS = [
    ("7+5", ["12"]),
    ("3-8", ["-5"]),
    ("87+65", ["7+5", "8+6", "14+1", "152"]),
    ("92+4", ["2+4", "96"]),  # nothing to add in front, no carry
    ("8+17", ["8+7", "1+1", "25"]),
    ("42-17", ["2-7", "4-1", "3-1", "9-5", "4+1", "25"]),  # 3 and -5: 30 less 5
    ("17-42", ["7-2", "1-4", "3-1", "9-5", "4+1", "-25"]),
    ("45-43", ["5-3", "4-4", "2"]),  # no leading zero
    ("10-3", ["0-3", "1-1", "9-3", "6+1", "7"]),
    ("5-38", ["5-8", "-33"]),
    ("38*4", ["38+38+38+38", "152"]),
    ("39*4", ["39*2+39+39", "156"]),
    ("38*9", ["380-38", "342"]),
    ("38*0", ["0"]),
    ("0*45", ["0*5", "0*4", "0"]),
    ("9*45", ["9*5", "9*4", "360+45", "405"]),
    ("12*(3+4)", ["3+4", "12*7", "84"]),
    ("5+6*7", ["6*7", "5+42", "47"]),
    ("5*6-7", ["5*6", "30-7", "23"]),
    ("9-12*34+5", ["12*34", "9-408+5", "-394"]),
    ("1+2+3", ["1+2", "3+3", "6"]),
    ("5-(4-7)", ["4-7", "5--3", "8"]),
    ("((1+2)*3-4)*5", ["(1+2)*3-4", "5*5", "25"]),
    ("(5)+3", ["8"]),
    ("-5+3", ["3-5", "-2"]),
    ("5+-3", ["5-3", "2"]),
    ("-5+-3", ["5+3", "-8"]),
    ("5--3", ["5+3", "8"]),
    ("-5-3", ["5+3", "-8"]),
    ("-5--3", ["3-5", "-2"]),
    ("-5*3", ["5*3", "-15"]),
    ("5*-3", ["5*3", "-15"]),
    ("-5*-3", ["5*3", "15"]),
    ("-5*0", ["5*0", "0"]),
    ("0-0*3", ["0*3", "0-0", "0"]),
]


@pytest.mark.parametrize(("question", "expected"), STEPS, ids=[question for question, _ in STEPS])
def test_a_question_s_steps_are_those_written_by_hand(question, expected):
    assert [written for _, written in questions.steps(question)] == expected


def test_a_step_reads_the_question_and_the_values_so_far():
    read = [read for read, _ in questions.steps("87+65")]
    assert read == ["87+65=", "87+65=12=", "87+65=12=14=", "87+65=12=14=15="]


def number(chance: random.Random) -> int:
    return 0 if chance.random() < 0.25 else chance.randrange(10 ** chance.randint(1, 4))


def expression(chance: random.Random, operands: int) -> str:
    """Random numbers and operators, with parentheses around some numbers and parts."""
    if operands == 1:
        return f"({number(chance)})" if chance.random() < 0.05 else f"{number(chance)}"
    left = chance.randint(1, operands - 1)
    parts = [expression(chance, left), expression(chance, operands - left)]
    return chance.choice("+-*").join(f"({part})" if chance.random() < 0.3 else part for part in parts)


def signed(chance: random.Random) -> str:
    """Two numbers with any signs; no -0, which no value is."""
    a, b = (number(chance) * chance.choice((1, -1)) for _ in "ab")
    return f"{a}{chance.choice('+-*')}{b}"


def test_the_rule_is_complete_and_ends():
    """100,000 random questions. Each question that comes up is answered once, from the values of those it asks."""
    chance, known = random.Random(39), {}

    def value(question: str, depth: int = 0) -> str:
        assert depth < 80, f"{question} does not end"
        if question not in known:
            values = []
            while not grammar.SIGNED.fullmatch(written := questions.following(question, values)):
                values.append(value(written, depth + 1))
                assert len(values) < 8, question
            known[question] = written
            assert known[question] == str(eval(question)), question
        return known[question]

    for count in range(100_000):
        value(signed(chance) if count % 4 == 0 else expression(chance, chance.randint(2, 6)))
    assert len(known) > 300_000


def test_every_number_that_comes_up_has_no_leading_zero():
    for text in ("100-99", "101*10", "1000-1", "5-1005", "90*90"):
        for read, written in questions.steps(text):
            for found in grammar.NUMBER.findall(read + " " + written):
                assert found == str(int(found)), (read, written)


@pytest.mark.parametrize(
    ("read", "expected"),
    {
        "7*8=": ("digits", "1*1="),
        "17*8=": ("product", "2*1="),
        "17*20=0=": ("product", "2*2=0="),
        "170+8=8=": ("sum", "3+1=1="),
        "8-170=-8=": ("difference", "1-3=-1="),
        "-8+17=": ("signs", "-1+2="),
        "8--17=25=": ("signs", "1--2=2="),
        "17-8*(2+3)=5=": ("terms", "n-n*(n+n)=n="),
        "17-8*(2-3)=-1=": ("terms", "n-n*(n-n)=-n="),
    }.items(),
)
def test_a_step_s_kind_and_shape(read, expected):
    assert (questions.kind(read.partition("=")[0]), questions.shape(read)) == expected


def test_the_questions_that_are_raised():
    assert [question for question, _ in questions.raised(["87+65"])] == ["87+65", "14+1", "4+1", "8+6", "7+5"]


def test_traces_have_each_question_once():
    rows = questions.traces(["12*(3+4)", "3+4", "4+3*9"])
    assert rows["expression"]["n*(n+n)=n="] == [("12*(3+4)=7=", "12*7")]
    assert rows["digits"]["1+1="].count(("3+4=", "7")) == 1
    assert {shape.partition("=")[0] for shape in rows["expression"]} == {"n+n*n", "n*(n+n)"}
    read = [read for shapes in rows.values() for steps in shapes.values() for read, _ in steps]
    assert len(read) == len(set(read))
    asked = {written for shapes in rows.values() for steps in shapes.values() for _, written in steps}
    questions_of_all = {read.partition("=")[0] for read in read}
    assert {text for text in asked if not grammar.SIGNED.fullmatch(text)} <= questions_of_all


def test_the_questions_of_0_to_49_have_what_longer_expressions_have():
    """The shapes of two-digit products' questions: four terms, and something in the middle that comes first."""
    rows = questions.traces([f"{a}*{b}" for a in range(10, 50) for b in range(10)])
    assert {"n+n+n+n", "n*n+n*n+n", "n+n*n+n", "n-(n+n)-n", "(n+n)*n*n", "-n-n+n", "n+n-n+n"} <= {
        shape.partition("=")[0] for shape in rows["terms"]
    }
