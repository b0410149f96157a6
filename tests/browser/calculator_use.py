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


@pytest.fixture(scope="module")
def written(page_text, tmp_path_factory):
    """The page with a small network that writes its answers in one go."""
    return small_page(page_text, "gru", "attention", tmp_path_factory.mktemp("written"))


def test_typing_while_it_answers(browser, written):
    """A long expression at once, and keys while it is answered."""
    page = listen(browser.new_page())
    page.goto(written.as_uri())
    page.fill("#expression", LONG)
    page.locator("#expression").press("Backspace")
    page.keyboard.type("+1")
    page.locator("#output strong").wait_for()
    assert page.input_value("#expression").endswith("48+4+1")
    assert page.locator("#output code").text_content().startswith(f"{page.input_value('#expression')}= ")
    assert page.locator("#written td.looked").count() == 0  # too many columns to draw in time, or to read
    assert page.said == []
    page.close()


def paused(browser, path, at, text):
    """The page at `path` after it was asked LONG, and its number of pauses; at pause `at`, if any, it gets `text`."""
    page = listen(browser.new_page())
    page.goto(path.as_uri())
    page.evaluate(ASK, ["1+1"])  # unpacks the network
    page.evaluate(FRAMES, [at, text])
    page.evaluate(ASK, [LONG])
    assert page.said == []
    return page, page.evaluate("pauses")


def test_no_keystroke_waits_longer_than_a_frame_and_a_token(browser, written):
    page, pauses = paused(browser, written, None, "")
    assert pauses == len(f"{LONG}=") + page.locator("#written tbody tr").count()
    page.close()


def test_a_keystroke_ends_the_calculation_before_it(browser, written):
    page, pauses = paused(browser, written, 20, "6*7")
    assert page.locator("#output").text_content().startswith("6*7= ")
    assert pauses == 20 + len("6*7=") + page.locator("#written tbody tr").count()
    page.close()


def test_it_can_be_stopped_and_asked_again(browser):
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.fill("#expression", "1234*5678")
    page.locator("#questions li").first.wait_for()
    page.locator("#stop").click()
    assert page.locator("#note").text_content() == "stopped"
    assert page.locator("#stop").is_hidden()
    asked = page.locator("#questions li").count()
    page.wait_for_timeout(500)
    assert page.locator("#questions li").count() == asked
    page.fill("#expression", "6*7")
    page.locator("#output strong").wait_for()
    assert page.locator("#output").text_content().startswith("6*7= 42 ✓ right")
    assert page.said == []
    page.close()


def test_by_keyboard_alone(browser):
    page = listen(browser.new_page())
    page.goto(PAGE.as_uri())
    page.keyboard.press("Tab")
    page.keyboard.type("87+65")
    page.locator("#output strong").wait_for()
    assert page.locator("#output").text_content().startswith("87+65= 152 ✓ right with probability ")
    asked = page.locator("#questions > li")
    assert [item.split(" ✓")[0] for item in asked.all_text_contents()] == ["7+5=12", "8+6=14", "14+1=15"]
    assert asked.locator("li").first.is_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    source = page.input_value("#expression") + "="
    assert source in set(pd.read_csv(KEPT / "held_out.csv", dtype=str)["src"])
    page.wait_for_function(
        "source => document.querySelector('#output code')?.textContent.startsWith(source)", arg=source
    )
    page.fill("#expression", "87+65")
    asked.nth(2).locator("summary").focus()
    page.keyboard.press("Enter")
    assert asked.locator("li").first.text_content() == "4+1=5 ✓"
    assert asked.locator("li").first.is_visible()
    assert page.said == []
    page.close()


def test_the_table_of_characters_by_keyboard(browser, written):
    page = listen(browser.new_page())
    page.goto(written.as_uri())
    page.fill("#expression", "6*7")
    page.locator("#output strong").wait_for()
    looked = page.locator("#written tbody tr:first-child td.looked").all_text_contents()
    assert len(looked) == len("6*7=")
    assert sum(map(int, looked)) == pytest.approx(100, abs=2)
    assert page.locator("#written td.next").first.is_hidden()
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
        "- status:",
        "- list:",
        "warning: the network never saw an operand above 49",
    ):
        assert line in tree, tree
    assert "checkbox" not in tree  # there is no table of characters
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
