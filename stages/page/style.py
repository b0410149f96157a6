"""How every picture looks: a colour for each dataset, a line style for each cell, the page's own text and colours.

Picture("overlay", "All runs", "…", [Panel(Figure, "Validation loss …")])  ->  <svg viewBox="0 0 331 230" role="img" …
"""

import html
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Looks for ten datasets and five cells. The first six colours are Okabe and Ito's, for any colour vision;
# page.css has all ten again, lighter ones for a dark page.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
    *("#7b4b94", "#8a7a00", "#b0413e", "#5e7f8c"),
)
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # fewer than colours, so that the combinations repeat later
INK, PALE = "#000000", "#b0b0b0"  # matplotlib's own for text and for grids
LONGEST = 22  # characters of a name in a drawing
WIDTH = 3.9  # inches of a panel: a phone shows it nearly at full size, a wide window three beside each other

matplotlib.rcParams.update(
    {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "grid.alpha": 0.4,
        "font.size": 10,
        "font.sans-serif": ["DejaVu Sans"],
        "font.monospace": ["DejaVu Sans Mono"],
        "legend.frameon": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "svg.hashsalt": "results",  # else every drawing has other ids
        "svg.fonttype": "none",  # letters, not their outlines: smaller, and a reader's own font
    }
)


@dataclass(frozen=True)
class Panel:
    """One drawing, and its alternative text."""

    figure: Figure
    alt: str


@dataclass(frozen=True)
class Picture:
    """Drawings under one title; `name` is the anchor."""

    name: str
    title: str
    caption: str
    panels: list[Panel]


def svg(figure: Figure) -> str:
    """The figure as SVG; equal figures give equal text."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def inline(panel: Panel, name: str) -> str:
    """The drawing as inline SVG with the colours of the page and ids of its own."""
    text = svg(panel.figure)
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|xlink:(?=href)", "", text, flags=re.DOTALL)
    # A hundredth of a point is finer than any screen
    text = re.sub(r' (?:d|x|y)="[^"]+"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), text)
    # What page.css says once, and rotations by nothing
    text = re.sub(r""" transform="rotate\(-0 [^"]*"| font-family: 'DejaVu Sans', sans-serif;?""", "", text)
    box = re.findall(r'viewBox="[^"]+"', text)[0]
    text = f'<svg {box} role="img" aria-label="{html.escape(panel.alt)}">{text.partition("<svg")[2].partition(">")[2]}'
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    for number, colour in enumerate(COLOURS):
        text = text.replace(colour, f"var(--c{number})")
    return re.sub(r"\s*\n\s*", "\n", text.replace(INK, "currentColor").replace(PALE, "var(--pale)")).strip()


def drawing(title: str, height: float = 3.2) -> tuple[Figure, Axes]:
    """An empty panel with its title, `height` inches high."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    return figure, axes


def keys(values: Iterable[str], looks: tuple) -> dict:
    """A look for each different value, in order of appearance; looks repeat when used up."""
    return {value: looks[number % len(looks)] for number, value in enumerate(dict.fromkeys(values))}


def short(name: str) -> str:
    """The name, its middle cut out if it is too long for a drawing."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2 - 1]}…{name[-LONGEST // 2 :]}"


def legend(figure: Figure) -> None:
    """A legend below the drawing, in two columns if they fit."""
    names = figure.axes[0].get_legend_handles_labels()[1]
    columns = 2 if max(map(len, names), default=0) <= 18 else 1
    figure.legend(loc="outside lower center", ncols=columns, fontsize=9)


def label_ends(axes: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Names at the right of lines that end at (x, y), in their colours, moved apart if they would touch."""
    low, high = axes.get_ylim()
    assert isinstance(axes.figure, Figure), "`drawing` made it"
    gap = (high - low) * 0.18 / axes.figure.get_figheight()  # a line of text, which is 0.18 inches with its air
    names = sorted(ends, key=lambda name: ends[name][1])
    places: list[float] = []
    for name in names:
        places.append(max([ends[name][1], *(place + gap for place in places[-1:])]))
    for number, place in reversed(list(enumerate(places))):  # names that would rise above the drawing go down again
        places[number] = min(place, high - gap * (len(places) - 1 - number))
    right = max(x for x, _, _ in ends.values())
    for name, place in zip(names, places, strict=True):
        beside(axes, short(name), right, place, color=ends[name][2])


def beside(axes: Axes, text: str, x: float, y: float, **look) -> None:
    """A small text just right of a point."""
    axes.annotate(
        text,
        (x, y),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        annotation_clip=False,
        **look,
    )
