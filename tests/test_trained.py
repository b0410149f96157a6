"""What a study's row says of a finished training."""

import numpy as np
import pandas as pd
import pytest

from stages.lab import trained


@pytest.mark.parametrize(("reach", "first"), [(0.9, 2), (0.5, 4), (0.1, float("inf"))])
def test_a_row_tells_of_speed_and_steadiness(reach, first):
    loss = [1.0, 0.8, 0.6, 0.5, 0.7]
    history = pd.DataFrame(
        {"epoch": range(1, 6), "valid_loss": loss, "valid_exact_match": 0.1, "clipped": [1, 0.5, 0, 0, 0]}
    )
    metrics = dict.fromkeys(trained.METRICS, 0.3)
    timing = dict.fromkeys(trained.TIMING, 2)
    row = trained.summary(metrics, timing, history, reach)
    assert row["epochs_to_reach"] == first
    assert row["unsteadiness"] == pytest.approx(np.std([-0.2, -0.1, 0.2], ddof=1))  # of epochs 3, 4 and 5
    assert (row["clipped"], row["loss"], row["device"]) == (0.3, 0.3, 2)
