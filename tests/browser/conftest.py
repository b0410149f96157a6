import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from stages.studies import design

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "reports" / "index.html"
STUDY = design.read(ROOT / "studies.yaml")["calculator"]
KEPT = ROOT / "reports" / "studies" / "calculator" / str(STUDY.ships)  # of the network that the page has
SEEN = ROOT / ".page-test"  # screenshots
NAMES = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"


@pytest.fixture(scope="session")
def browser():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"no browser; there is none of {', '.join(NAMES)}"
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to run as root with its sandbox
    SEEN.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=root)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_text():
    """The committed page's HTML."""
    return PAGE.read_text(encoding="utf-8")


def listen(page):
    """The page notes what it says, and what it asks of a network."""
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda asked: page.said.append(asked.url) if asked.url.startswith("http") else None)
    return page
