"""The page is complete, opens anywhere, and is byte-identical when made again."""

import re
from html.parser import HTMLParser

import pytest
from conftest import ENDINGS, FOLDERS, ROOT, TINY, options, process, stage, write_params

from stages.page import render

VOID = {"meta", "link", "br", "img", "input"}  # elements of HTML that have no end; SVG's close themselves


class Page(HTMLParser):
    """What a browser would find: ids, links, drawings, outside addresses, and unclosed tags."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.drawings, self.outside, self.open = [], [], [], [], []
        self.feed(text)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        addresses = [attributes[name] for name in ("href", "src", "xlink:href") if name in attributes]
        addresses += re.findall(r"url\((#[^)]+)\)", " ".join(filter(None, attributes.values())))
        self.links += [address.removeprefix("#") for address in addresses if address.startswith("#")]
        self.outside += [address for address in addresses if not address.startswith(("#", "data:"))]
        if tag in ("svg", "img"):
            self.drawings.append((attributes.get("role"), attributes.get("aria-label") or attributes.get("alt")))


def inputs(lab):
    return [ROOT / "studies.yaml", *options({name: lab / name for name in FOLDERS})]


@pytest.fixture(scope="module")
def text(finished, tmp_path_factory):
    """The page, made twice from the same results; the second process has another hash seed."""
    made = []
    for number, run in enumerate((stage, process)):
        path = tmp_path_factory.mktemp(f"page{number}") / "index.html"
        done = run("report", finished / "params.yaml", *inputs(finished), "--page", path)
        assert (done.returncode, done.stderr) == (0, "")
        assert [file.name for file in path.parent.iterdir()] == ["index.html"]
        made.append(path.read_bytes())
    assert made[0] == made[1]
    return made[0].decode()


@pytest.mark.parametrize("which", ["tiny", "committed"])
def test_a_page_that_opens_anywhere(which, text, head):
    page = text if which == "tiny" else (head / "reports" / "index.html").read_text()
    seen = Page(page)
    assert (seen.open, seen.outside) == ([], [])
    assert len(seen.ids) == len(set(seen.ids))
    assert set(render.SECTIONS) <= set(seen.links) <= set(seen.ids)
    assert not re.search(r"@import|fetch\(|https?://(?!www\.w3\.org/)", page)
    assert len(seen.drawings) > 15
    assert all(role == "img" and len(alt) > 20 for role, alt in seen.drawings)
    assert len(page.encode()) < 6_000_000


def test_the_page_has_every_run_and_dataset_and_can_change_every_colour(text):
    assert all(f">{name}</th>" in text for name in (*TINY["runs"], *TINY["datasets"]))
    assert text.count("<h2") == len(render.SECTIONS)
    assert all(f'id="{picture}"' in text for picture in ("overlay", "loss", "position", "carry", "products"))
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert "currentColor" in drawn
    assert not re.search("#000000|#0072b2|#d55e00", drawn)


def test_a_run_without_results_is_one_line(finished, tmp_path):
    runs = TINY["runs"] | {"no_7-gru": {"dataset": "no_7", "cell": "gru"}}
    config = write_params(tmp_path / "params.yaml", runs=runs)
    done = stage("report", config, *inputs(finished), "--page", tmp_path / "index.html")
    assert done.returncode == 1
    assert done.stderr.startswith(f"report: {finished / 'history' / 'no_7-gru.csv'}: no such file; `dvc repro` ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "index.html").exists()


def test_a_small_laboratory_has_a_page_too(finished, tmp_path):
    """One run of one epoch, with a name of 60 characters and a dataset that the report does not have."""
    name = "x" * 60
    config = write_params(tmp_path / "params.yaml", runs={name: TINY["runs"]["no_7-lstm"]})
    for folder, ending in ENDINGS.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}{ending}").write_bytes((finished / folder / f"no_7-lstm{ending}").read_bytes())
    lab = {name: finished / name if name in ("subsets", "samples") else tmp_path / name for name in FOLDERS}
    done = stage("report", config, ROOT / "studies.yaml", *options(lab), "--page", tmp_path / "index.html")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "index.html").read_text()
    assert "experiment with 1 network" in page
    assert "No data" in page
    assert "The best one, " not in page
    assert "confirmed." not in page
