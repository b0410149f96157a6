"""The page itself: its sections, what stands in each, and the templates that set it.

Results  ->  '<!doctype html> …'
"""

from collections import Counter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stages import grammar
from stages.page import certainty, datasets, failures, gallery, learning, limits, studies, style, tables
from stages.page.claims import claims
from stages.page.results import Results

# The page's sections, and the pictures of each in their order
SECTIONS = {
    "whole": "What it can and cannot do",
    "question": "The question",
    "corpus": "The corpus",
    "network": "The network",
    "results": "Results",
    "learning": "Learning curves",
    "lstm-gru": "LSTM against GRU",
    "failures": "Where it fails",
    "certainty": "How sure it is",
    "studies": "Studies",
    "gallery": "Answers",
    "claims": "Claims",
}
PICTURES = {
    "corpus": (datasets.templates, datasets.operands, datasets.answers, datasets.lengths),
    "results": (learning.exact_match,),
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
    "datasets": tables.datasets,
    "scores": tables.scores,
    "templates": tables.templates,
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
    environment.filters["inline"] = lambda panel, name: Markup(style.inline(panel, name))
    judged = claims(results)
    ranked = results.metrics.sort_values("exact_match", kind="stable")
    return environment.get_template("index.html.j2").render(
        results=results,
        config=results.config,
        best=ranked.iloc[-1],
        worst=ranked.iloc[0],
        trained_on=", ".join(results.timing["processor"].fillna(results.timing["device"]).unique()),
        sections=SECTIONS,
        tables={name: make(results) for name, make in TABLES.items()},
        pictures={name: [drawn for draw in draws if (drawn := draw(results))] for name, draws in PICTURES.items()},
        studies=[
            (studies.picture(name, study, results.code[study[0].kind]), studies.figures(name, study))
            for name, study in results.studies.items()
        ],
        examples=gallery.examples(results.predictions),
        gallery=gallery.gallery(results.predictions),
        calculator=results.calculator,
        whole=results.whole
        and {
            "on": tables.on(results.whole.row.to_frame().T),
            "curve": limits.curve(results.whole),
            "shares": limits.shares(results.whole),
            "kinds": [make(results.whole) for make in (limits.by_template, limits.by_length)],
            "comparison": limits.comparison(results.whole),
            "common": limits.common(results.whole),
            "listed": limits.listed(results.whole),
        },
        templates=grammar.TEMPLATES,
        claims=judged,
        verdicts=Counter(claim.verdict for claim in judged),
    )
