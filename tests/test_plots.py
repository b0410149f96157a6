"""What DVC plots of each run: the file, the template and its columns."""

import json

import pandas as pd
from conftest import ROOT

from tests.dvc_stages import dvc_stages


def test_a_picture_of_each_run_comes_from_evaluate():
    """So that `dvc plots diff` shows a run that `dvc exp run … evaluate@RUN` has tried."""
    pictures = {one.addressing: [(out.def_path, out.plot) for out in one.outs if out.plot] for one in dvc_stages()}
    for name, found in pictures.items():
        stage, _, run = name.partition("@")
        shown = [(f"reports/plots/{run}.csv", {"template": "run", "title": run})]
        assert found == (shown if stage == "evaluate" else []), name


def test_the_template_draws_columns_that_there_are(finished):
    template = json.loads((ROOT / ".dvc" / "plots" / "run.json").read_text())
    columns = set(pd.read_csv(finished / "plots" / "small-lstm.csv").columns)
    parsed, drawn = set(template["data"]["format"]["parse"]), set(encoded_fields(template))
    assert parsed | drawn == columns | {"rev"}
    assert columns - parsed == {"right", "predicted"}


def encoded_fields(part):
    """What an encoding anywhere in a Vega-Lite specification names."""
    if isinstance(part, list):
        return [name for one in part for name in encoded_fields(one)]
    if isinstance(part, dict):
        return [part["field"]] if "field" in part else [name for one in part.values() for name in encoded_fields(one)]
    return []
