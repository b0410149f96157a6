"""The page's calculator as a person uses it: fast typing, the keyboard alone, a screen reader, no JavaScript.

`make page-test` runs this.
"""

import re

import pandas as pd
import pytest
from conftest import KEPT, PAGE, listen

from tests.browser.calculator_page import ASK, small_page

# 197 characters
LONG = "+".join(["48"] * 66)

# Each look at the clock shows the next frame, so the calculation must pause whenever it looks. Counts the pauses, and
# enters a text at one of them.
FRAMES = """([at, text]) => {
  let now = 0;
  performance.now = () => (now += 17);
  window.pauses = 0;
  const later = window.setTimeout;
  window.setTimeout = (...given) => {
    if (++window.pauses === at) {
      const input = document.getElementById("expression");
      input.value = text;
      input.dispatchEvent(new Event("input"));
    }
    return later(...given);
  };
}"""


def test_typing_while_it_answers(browser):
    """A long expression at once, and keys while it is answered."""
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.fill("#expression", LONG)
    page.locator("#expression").press("Backspace")
    page.keyboard.type("+1")
    page.locator("#output strong").wait_for()
    assert page.input_value("#expression").endswith("48+4+1")
    assert page.locator("#output code").text_content().startswith(f"{page.input_value('#expression')}= ")
    assert page.locator("#written td.looked").count() == 0  # too many columns to draw in time, or to read
    assert page.said == []
    page.close()


def paused(browser, at, text):
    """The page after it was asked LONG, and the number of its pauses; at pause `at`, if any, `text` is entered."""
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.evaluate(ASK, ["1+1"])  # unpacks the network
    page.evaluate(FRAMES, [at, text])
    page.evaluate(ASK, [LONG])
    assert page.said == []
    return page, page.evaluate("pauses")


def test_no_keystroke_waits_longer_than_a_frame_and_a_token(browser):
    page, pauses = paused(browser, None, "")
    assert pauses == len(f"{LONG}=") + page.locator("#written tbody tr").count()
    page.close()


def test_a_keystroke_ends_the_calculation_before_it(browser):
    page, pauses = paused(browser, 20, "6*7")
    assert page.locator("#output").text_content().startswith("6*7= 42 ✓ right")
    assert pauses == 20 + len("6*7=") + len("42.")  # a point for the end mark
    page.close()


def test_by_keyboard_alone(browser):
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.keyboard.press("Tab")
    page.keyboard.type("6*7")
    page.locator("#output strong").wait_for()
    assert page.locator("#output").text_content().startswith("6*7= 42 ✓ right with probability ")
    rows = page.locator("#written tbody tr th").all_text_contents()
    assert rows == ["4", "2", "end"]
    looked = page.locator("#written tbody tr:first-child td.looked").all_text_contents()
    assert len(looked) == len("6*7=")
    assert sum(map(int, looked)) == pytest.approx(100, abs=2)
    assert page.locator("#written td.next").first.is_hidden()
    for pick in ("held_out", "mistakes"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        source = page.input_value("#expression") + "="
        page.wait_for_function(
            "source => document.querySelector('#output code').textContent.startsWith(source)", arg=source
        )
        rows = pd.read_csv(KEPT / f"{pick}.csv", dtype=str)
        assert source in set(rows["src"])
        assert pick == "held_out" or "✗ wrong: it is " in page.locator("#output").text_content()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    others = page.locator("#written td.next").first.text_content()
    assert page.locator("#written td.next").first.is_visible()
    assert re.fullmatch(r"(.|end|_) [0-9.]+ %, (.|end|_) [0-9.]+ %", others)
    assert page.said == []
    page.close()


def test_the_accessibility_tree(browser):
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.fill("#expression", "50+1")
    page.locator("#output strong").wait_for()
    tree = page.locator("#calculator").aria_snapshot()
    for line in (
        '- textbox "Calculate"',
        '- button "held-out example"',
        '- button "wrong answer"',
        '- checkbox "show the next two candidates"',
        "- status:",
        '- columnheader "probability"',
        '- rowheader "end"',
        "warning: the network never saw an operand above 49",
    ):
        assert line in tree, tree
    page.close()


def test_no_mistakes_no_button_and_no_javascript_no_calculator(browser, page_text, tmp_path):
    page = browser.new_page()
    page.goto(small_page(page_text, "gru", "context", tmp_path).as_uri())
    assert page.get_by_role("button", name="wrong answer", exact=True).count() == 0
    page.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(PAGE.as_uri())
    assert page.locator("noscript p").is_visible()
    assert page.locator("#expression").is_hidden()
    assert page.locator("#results table").first.is_visible()
    context.close()
