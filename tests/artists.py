"""What a figure of matplotlib holds, as plain values.

Picture of two bars  ->  bars(axes(picture)[0]) == {'full-lstm': 0.7, 'full-gru': 0.5}
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.page.style import Picture


def axes(picture: Picture) -> list[Axes]:
    """The axes of each panel."""
    return [panel.figure.axes[0] for panel in picture.panels]


def bars(drawn: Axes) -> dict[str, float]:
    """Each bar's length by its tick label; a bar is drawn twice, once filled and once as a frame, and starts at 0."""
    labels = dict(zip(drawn.get_yticks(), (label.get_text() for label in drawn.get_yticklabels()), strict=True))
    placed = [(round(bar.get_y() + bar.get_height() / 2, 6), bar.get_x(), bar.get_width()) for bar in drawn.patches]
    assert placed[::2] == placed[1::2]
    assert {start for _, start, _ in placed} == {0}
    return {labels[place]: width for place, _, width in placed}


def lines(drawn: Axes) -> dict[str, list[list[float]]]:
    """Each line's points by its label, without gaps."""
    return {line.get_label(): rounded(line.get_xydata()) for line in drawn.lines}


def intervals(drawn: Axes) -> list[list[list[float]]]:
    """Both ends of each error bar."""
    return [rounded(part) for bar in drawn.collections for part in bar.get_segments()]


def names(figure: Figure) -> dict[str, str]:
    """The legend: each name's colour."""
    (legend,) = figure.legends
    pairs = zip(legend.get_texts(), legend.legend_handles, strict=True)
    return {text.get_text(): line.get_color() for text, line in pairs}


def rounded(points: np.ndarray) -> list:
    """Rounded to four digits, without points that have a gap."""
    points = points.astype(float).round(4)
    return points[~np.isnan(points).any(axis=1)].tolist()
