"""The committed results: readable, up to date with the code and params.yaml, and shown in README.md and on the page."""

import pandas as pd
import pytest

from stages import studies, study_table
from stages.page import inputs


def test_every_committed_result_is_readable(head):
    """pandas alone finds as many rows."""
    reports = head / "reports"
    for name, entry in studies.read(head / "studies.yaml").items():
        path = reports / "studies" / f"{name}.csv"
        assert len(study_table.read(path, entry)) == len(pd.read_csv(path)), name
        if entry.keep:
            history, kinds, mistakes, held_out, rounding = inputs.whole(path.with_suffix(""))
            assert len(mistakes) == (kinds["rows"] - kinds["right"]).sum()
            assert rounding["rows"] == kinds["rows"].sum()
            assert rounding["exact_match"] == pytest.approx(kinds["right"].sum() / kinds["rows"].sum(), abs=1e-6)
            assert rounding["changed"] <= 5 * rounding["rows"] / 10_000
            assert len(held_out) == held_out["src"].nunique() == 1000
            assert len(history) == 10
    for path in (reports / "metrics").iterdir():
        assert inputs.metrics(path).notna().all(axis=None)
        assert inputs.timing(reports / "timing" / path.name).notna().all(axis=None)
        assert len(inputs.curve(reports / "history" / f"{path.stem}.csv", 25)) == 25
