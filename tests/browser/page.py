"""The committed page in a real browser, at the widths of a phone and of a desk, on a light and a dark screen.

`make page-test` runs this; .page-test/ holds what it saw, and reports/preview.png the head of the page.
"""

import pytest
from conftest import PAGE, ROOT, SEEN, listen

# What stands out of its drawing, or of the screen without a frame of its own that scrolls
SPILT = """() => {
  const wide = [...document.querySelectorAll("body *")].filter((one) => !one.closest(".scroll, svg")
    && one.getBoundingClientRect().right > innerWidth + 1);
  const cut = [...document.querySelectorAll("svg text")].filter((one) => {
    const [box, frame] = [one.getBoundingClientRect(), one.closest("svg").getBoundingClientRect()];
    return box.left < frame.left - 2 || box.right > frame.right + 2;
  });
  return [...wide, ...cut].map((one) => `${one.tagName} ${one.textContent.slice(0, 40)}`);
}"""


@pytest.fixture(scope="module", params=[(375, "light"), (375, "dark"), (1440, "light"), (1440, "dark")], ids=str)
def page(request, browser):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = listen(context.new_page())
    page.goto(PAGE.as_uri())
    page.screenshot(path=SEEN / f"{width}-{scheme}.png", full_page=True)
    page.fill("#expression", "12*(3+4)")
    page.locator("#written tbody tr").first.wait_for()
    page.screenshot(path=SEEN / f"{width}-{scheme}-first.png")
    yield page
    assert page.said == []  # no message, no error, nothing asked of a network, whatever was clicked
    context.close()


def test_nothing_overflows(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.evaluate(SPILT) == []


def test_the_colours_follow_the_screen(page):
    light = page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    paper, ink = (page.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    assert (sum(map(int, paper[4:-1].split(","))) > sum(map(int, ink[4:-1].split(",")))) == light
    line = page.evaluate("getComputedStyle(document.querySelector('#overlay svg text')).fill")
    assert line == ink


def test_a_table_is_sorted_both_ways(page):
    heads = page.locator(".head:has(#scores) + .scroll th[scope=col] button")
    column = [head.strip() for head in heads.all_text_contents()].index("exact match")
    cells = page.locator(f".head:has(#scores) + .scroll tbody tr td:nth-child({column + 1})")
    before = _firsts(cells)
    for reverse in (False, True):
        heads.nth(column).click()
        assert _firsts(cells) == sorted(before, reverse=reverse)
    heads.nth(0).click()
    names = page.locator(".head:has(#scores) + .scroll tbody th").all_text_contents()
    assert names == sorted(names)


def _firsts(cells):
    """The number in the first line of each cell; mean and deviation are below it."""
    return [float(text.split()[0]) for text in cells.all_inner_texts()]


def test_the_gallery_is_filtered(page):
    page.locator("details:has(#rows) > summary").click()
    rows = page.locator("#rows tbody tr:not([hidden])")
    everything = rows.count()
    run = page.locator("select[name=run] option").nth(1).text_content()
    page.select_option("select[name=run]", run)
    page.select_option("select[name=verdict]", "wrong")
    kept = rows.all_text_contents()
    assert 0 < len(kept) < everything
    assert all(run in row and "wrong" in row for row in kept)
    assert page.locator("#shown").text_content() == f"{len(kept)} answers"
    assert rows.locator("mark").count() >= len(kept)
    page.select_option("select[name=run]", "")
    page.select_option("select[name=verdict]", "")
    assert rows.count() == everything


def test_every_section_can_be_reached(page):
    page.emulate_media(reduced_motion="reduce")
    for link in page.locator("nav a").all():
        link.click()
        head = page.locator(f"{link.get_attribute('href')} h2")
        assert head.is_visible()
        assert -1 < head.bounding_box()["y"] < 900  # on the screen


def test_the_sections_stay_in_view_on_a_wide_screen(page):
    page.emulate_media(reduced_motion="reduce")
    page.locator("#failures").evaluate("section => section.scrollIntoView()")
    seen = page.locator("nav").evaluate("nav => nav.getBoundingClientRect().bottom > 0")
    assert seen == (page.viewport_size["width"] >= 1200)


def test_it_prints_and_heads_the_readme(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 760}, color_scheme="light")
    page.goto(PAGE.as_uri())
    page.pdf(path=SEEN / "print.pdf", format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "15mm"))
    assert (SEEN / "print.pdf").stat().st_size > 100_000
    page.fill("#expression", "12*(3+4)")
    page.locator("#written tbody tr").first.wait_for()
    page.screenshot(path=ROOT / "reports" / "preview.png")
    page.close()
