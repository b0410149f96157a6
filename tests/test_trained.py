"""What a study's row says of a finished training."""

import numpy as np
import pandas as pd
import pytest

from stages.studies import trainings


@pytest.mark.parametrize(("reach", "first"), [(0.9, 2), (0.5, 4), (0.1, float("inf"))])
def test_a_row_tells_of_speed_and_steadiness(reach, first):
    history = pd.DataFrame({"valid_loss": [1.0, 0.8, 0.6, 0.5, 0.7], "clipped": [1, 0.5, 0, 0, 0]})
    history.insert(0, "epoch", range(1, 6))
    row = trainings.summary({"loss": 0.3}, dict.fromkeys(trainings.TIMING, 2), history, reach)
    assert row["epochs_to_reach"] == first
    assert row["unsteadiness"] == pytest.approx(np.std([-0.2, -0.1, 0.2], ddof=1))  # of epochs 3, 4 and 5
    assert (row["clipped"], row["loss"], row["device"], row["exact_match"]) == (0.3, 0.3, 2, None)
