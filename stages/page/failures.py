"""Pictures of the failures: exact match by kind of expression and of answer, and the table of all products.

a row an answer: '38*(4+16)=', tgt 760, predicted '720', correct False  ->  Picture('product-size', …)
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap

from stages.arithmetic.places import by_place
from stages.page.chance import FEWEST, interval
from stages.page.hardships import NOTHING, hardships
from stages.page.results import Results
from stages.page.style import Panel, Picture, drawing, legend, short

BARS = "Thin bars are 95 % intervals (Wilson); each point has at least five rows."


def answer_length(results: Results) -> Picture:
    length = results.predictions["tgt"].astype(str).str.len()
    names = {size: str(size) for size in range(1, int(length.max()) + 1)}
    panel = _panel(results, "characters of the correct answer", length, names)
    return Picture("answer-length", "By the answer's length", f"A minus sign is a character. {BARS}", [panel])


def position(results: Results) -> Picture:
    places = by_place(results.predictions).join(results.predictions["run"])
    names = {place: str(place) for place in range(1, int(places["place"].max()) + 1)}
    panel = _panel(results, "position in the correct answer, from the left", places["place"], names, places)
    caption = f"Characters are counted here, not answers; the last position of an answer is its end mark. {BARS}"
    return Picture("position", "By output position", caption, [panel])


def sign(results: Results) -> Picture:
    names = {-1: "below 0", 0: "0", 1: "above 0"}
    panel = _panel(results, "correct answer", np.sign(results.predictions["tgt"]), names, joined=False)
    return Picture("sign", "By sign", BARS, [panel])


def carry(results: Results) -> Picture | None:
    """None if every expression has a product."""
    rows = results.predictions[~results.predictions["template"].astype(str).str.contains("*", regex=False)]
    if rows.empty:
        return None
    notes = hardships(rows)
    names = {0: "neither", 1: "carry", 2: "borrow", 3: "both"}
    panel = _panel(
        results,
        "written addition and subtraction need",
        notes["carry"] + 2 * notes["borrow"],
        names,
        rows,
        joined=False,
    )
    caption = "Expressions without a product, calculated digit by digit as on paper. "
    return Picture("carry", "By carry and borrow", caption + BARS, [panel])


def product_size(results: Results) -> Picture:
    product = hardships(results.predictions)["product"]
    kind = product.map(lambda size: len(str(size)) if size > 0 else 0).where(product != NOTHING, -1)
    names = {-1: "none", 0: "zero"} | {digits: str(digits) for digits in range(1, max(1, int(kind.max())) + 1)}
    panel = _panel(results, "digits of the largest intermediate product", kind, names)
    return Picture("product-size", "By the size of the product", BARS, [panel])


def products(results: Results) -> Picture:
    """A square of all a*b for each run, correct or wrong."""
    panels = []
    for run, rows in results.products.groupby("run", sort=False):
        pairs = np.array([src[:-1].split("*") for src in rows["src"]], int)
        right = rows["correct"].to_numpy()
        inside = rows["src"].isin(results.counts[rows["dataset"].iloc[0]].products).to_numpy()
        square = np.zeros((pairs.max() + 1,) * 2)
        square[tuple(pairs.T)] = right + 2 * inside
        figure, axes = drawing(short(run), 3.7)
        # Outside its dataset wrong and right, inside it wrong and right
        shades = ListedColormap(["#ffffff00", "#8fb8d0", "#dcc3b2", results.marks[rows["dataset"].iloc[0]]["color"]])
        axes.imshow(square, vmin=0, vmax=3, cmap=shades, origin="lower", interpolation="none")
        axes.set_xlabel("b")
        axes.set_ylabel("a")
        axes.grid(visible=False)
        own, other = right[inside], right[~inside]
        alt = f"{own.sum()} of {len(own)} products of its own dataset correct, {other.sum()} of {len(other)} others"
        panels.append(Panel(figure, f"{run}: {alt}."))
    caption = (
        "Every a*b, whether in the training set or not. Products of the run's own dataset: strong colour is correct, "
        "sand is wrong. All other products: grey blue is correct, blank is wrong."
    )
    return Picture("products", "Every product of two operands", caption, panels)


def _panel(
    results: Results,
    title: str,
    groups: pd.Series,
    names: Mapping[int, str],
    rows: pd.DataFrame | None = None,
    joined: bool = True,
) -> Panel:
    """The share of correct rows by group, of all predictions unless `rows` is given; `joined` groups form a scale."""
    rows = results.predictions if rows is None else rows
    figure, axes = drawing(title)
    parts = []
    runs = list(results.lines)
    for number, run in enumerate(runs):
        mine = rows["run"] == run
        shares = rows.loc[mine, "correct"].groupby(groups[mine].to_numpy()).agg(share="mean", rows="size")
        shares = shares[shares["rows"] >= FEWEST]  # sorted, as the names are
        shift = 0.08 * (number - (len(runs) - 1) / 2)  # so that the intervals do not hide each other
        look = results.points[run] if joined else results.points[run] | {"linestyle": "none"}
        places = [list(names).index(group) + shift for group in shares.index]
        axes.plot(places, shares["share"], label=short(run), **look)
        for place, row in zip(places, shares.itertuples(), strict=True):
            axes.vlines(place, *interval(row.share, row.rows), color=look["color"], linewidth=0.8)
        parts.append(f"{run} " + ", ".join(f"{names[group]}: {share:.2f}" for group, share in shares["share"].items()))
    axes.set_xticks(range(len(names)), names.values())
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("share correct")
    legend(figure)
    return Panel(figure, f"Share of correct answers by {title}: {'; '.join(parts)}.")
