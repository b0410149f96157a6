"""Asking: the rule as a perfect writer, and writers that make each mistake there is."""

import pytest

from stages.arithmetic import asking, questions


def by_rule(read):
    """What a network that has learned the rule writes."""
    rows = []
    for text in read:
        question, *values = text.removesuffix("=").split("=")
        rows.append((questions.following(question, values), 0.5))
    return rows


def fixed(answers):
    """A writer that has an answer for each text."""
    return lambda read: [(answers[text], 0.5) for text in read]


def test_a_perfect_writer_s_values_and_probabilities():
    texts = ["87+65", "12*(3+4)", "99-100", "7", "123*456"]
    memory = asking.solve(texts, by_rule)
    assert [memory[text].value for text in texts] == ["152", "84", "-1", "7", "56088"]
    assert all(asked.value and not asked.fault for asked in memory.values())
    assert str(memory["87+65"]) == "7+5=12=8+6=14=14+1=15=152"
    # 87+65 writes four times; 7+5 and 8+6 once each; 14+1 asks 4+1
    assert memory["87+65"].probability == 0.5 ** (4 + 2 + 2 + 1)
    assert str(memory["7"]) == "7"


def test_each_text_is_written_once():
    texts = []
    asking.solve(["87+65", "87+65+1", "65+87"], lambda read: texts.extend(read) or by_rule(read))
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"1+2=": None}, "writes without end"),
        ({"1+2=": "1++2"}, "asks '1++2'"),
        ({"1+2=": ""}, "asks ''"),
        ({"1+2=": "(1+2"}, "asks '(1+2'"),
        ({"1+2=": "1+2"}, "asks in a circle"),
        ({"1+2=": "2+1", "2+1=": "1+2"}, "asks in a circle"),
        ({"1+2=": "2+1", "2+1=": None}, "asks 2+1, which has no answer"),
    ],
)
def test_a_question_that_does_not_end_is_named(answers, fault):
    memory = asking.solve(["1+2", "3+4"], fixed(answers | {"3+4=": "7"}))
    assert (memory["1+2"].value, memory["1+2"].fault) == (None, fault)
    assert str(memory["1+2"]).endswith("=")  # so that nothing stands where the value does
    assert memory["3+4"].value == "7"


def test_numbers_and_depths_of_questions_are_bounded():
    asked = []

    def deeper(read):
        asked.extend(read)
        pairs = [text.removesuffix("=").split("+") for text in read]
        return [(f"{a}+{int(b) + 1}", 1.0) for a, b in pairs]

    memory = asking.solve(["1+2", "2+2"], deeper)
    assert len(asked) == 2 * (asking.DEPTH + 1)
    assert memory["1+2"].value is None

    def wider(read):
        """Seven new questions for each, four levels deep: 2,801."""
        written = []
        for text in read:
            question, *values = text.removesuffix("=").split("=")
            level = int(question.partition("+")[2])
            asked.append(text)
            written.append(("5" if level == 0 or len(values) == 7 else f"{len(asked)}+{level - 1}", 1.0))
        return written

    memory = asking.solve(["1+4"], wider)
    assert len(memory) == asking.QUESTIONS
    assert memory["1+4"].value is None

    def again(read):
        return [("5" if text == "7+8=" else "7+8", 1.0) for text in read]

    memory = asking.solve(["1+2"], again)
    assert (memory["1+2"].fault, len(memory["1+2"].values)) == ("asks without end", asking.STEPS)


def test_the_first_wrong_question_is_the_deepest():
    def mistaken(read):
        return [("13", 1.0) if text == "7+5=" else row for text, row in zip(read, by_rule(read), strict=True)]

    memory = asking.solve(["87+65+1", "12*(3+4)"], mistaken)
    assert memory["87+65+1"].value == "154"
    assert asking.wrong("87+65+1", memory) == "7+5"
    assert asking.wrong("12*(3+4)", memory) is None


def test_the_tree_shows_as_many_levels_as_fit():
    memory = asking.solve(["12*(3+4)"], by_rule)
    shown = asking.tree("12*(3+4)", memory, 2)
    assert shown[0] == "    3+4=7"
    assert shown[1].startswith("    12*7=84  (")
    assert len(shown) == 2
    (below,) = [int(line.split("(")[1].split()[0]) for line in shown if "more" in line]
    whole = asking.tree("12*(3+4)", memory, 1000)
    assert 2 < len(whole) <= 2 + below
    assert "        12+120-2*2*12=84" in [line.partition("  (")[0] for line in whole]
    assert asking.tree("87+65", asking.solve(["87+65"], by_rule), 10) == [
        "    7+5=12",
        "    8+6=14",
        "    14+1=15",
        "        4+1=5",
    ]
