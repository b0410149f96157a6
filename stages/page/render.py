"""The page: its sections, the pictures and tables of each, and the templates.

Results  ->  '<!doctype html> …'
"""

from collections import Counter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stages.arithmetic import grammar
from stages.page import (
    bars,
    certainty,
    datasets,
    failures,
    gallery,
    grids,
    learned,
    learning,
    limits,
    panels,
    runs,
    seeds,
    style,
    verdicts,
)
from stages.page.chance import interval
from stages.page.claims import claims
from stages.page.digits import percent
from stages.page.results import Results
from stages.page.whole import Whole

# The sections in the order of the page, and the pictures of each
SECTIONS = {
    "whole": "What the best network can and cannot do",
    "learned": "Where its world ends",
    "results": "The report's experiment",
    "learning": "Learning curves",
    "lstm-gru": "LSTM against GRU",
    "failures": "Where the networks fail",
    "gallery": "Answers",
    "certainty": "How sure the networks are",
    "studies": "Studies",
    "claims": "The report's claims",
    "corpus": "The corpus",
    "network": "The network",
}
PICTURES = {
    "corpus": (datasets.templates, datasets.operands, datasets.answers, datasets.lengths),
    "results": (bars.exact_match,),
    "learning": (learning.overlay, learning.loss, learning.accuracy),
    "cells": (learning.cells,),
    "failures": (
        failures.answer_length,
        failures.position,
        failures.sign,
        failures.carry,
        failures.product_size,
        failures.products,
    ),
    "certainty": (certainty.reliability,),
}
TABLES = {
    "datasets": grids.datasets,
    "scores": runs.scores,
    "templates": grids.templates,
    "calibration": certainty.calibration,
}


def render(results: Results) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["inline"] = lambda panel, name: Markup(style.inline(panel, name))
    judged = claims(results)
    ranked = runs.typical(results)
    return environment.get_template("index.html.j2").render(
        results=results,
        config=results.config,
        best=ranked[-1],
        worst=ranked[0],
        trained_on=", ".join(results.timing["processor"].fillna(results.timing["device"]).unique()),
        sections=SECTIONS,
        tables={name: make(results) for name, make in TABLES.items()},
        pictures={name: [drawn for draw in draws if (drawn := draw(results))] for name, draws in PICTURES.items()},
        studies=[
            (
                panels.picture(name, study),
                panels.figures(name, study),
                verdicts.judge(study),
            )
            for name, study in results.studies.items()
        ],
        causes=seeds.causes([*results.repeated.values()]),
        examples=gallery.examples(results.predictions),
        gallery=gallery.gallery(results.predictions),
        calculator=results.calculator,
        whole=_whole(results.whole, [*results.kept.values()]),
        twins=results.metrics.drop_duplicates("dataset").set_index("dataset")["twins"].to_dict(),
        templates=grammar.TEMPLATES,
        claims=judged,
        verdicts=Counter(claim.judgement.verdict for claim in judged),
    )


def _whole(whole: Whole | None, networks: list[Whole]) -> dict | None:
    """What the page shows of the networks of the whole corpus, first of all of the one that ships."""
    if whole is None:
        return None
    return {
        "on": grids.on(whole.row.to_frame().T),
        "ends": interval(whole.exact_match, whole.rows),
        "shares": limits.ranked(whole),
        "kinds": [make(whole) for make in (limits.by_template, limits.by_length)],
        "common": limits.in_common(networks),
        "listed": limits.listed(whole.mistakes, limits.LISTED),
        "others": [
            (one, limits.listed(one.mistakes, limits.OTHERS_LISTED))
            for one in networks
            if one is not whole and len(one.mistakes)
        ],
        "curve": limits.curve(networks),
        "comparison": limits.comparison(networks),
        "new_operands": learned.new_operands(networks),
        "world": learned.by_kind(networks),
        "maps": learned.maps(networks),
        "templates": [learned.by_template_and_kind(whole), learned.by_template(networks)],
    }
