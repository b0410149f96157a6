"""A table of expressions with a network's answers beside the right ones.

'12*(3+4)=', tgt 84  ->  predicted '84', correct, probability 0.93
"""

import pyarrow as pa
from torch import Tensor

from stages import files
from stages.network import alphabet, scores
from stages.network.weights import Trained


def answer(trained: Trained, rows: pa.Table, sources: Tensor, answers: Tensor) -> tuple[pa.Table, Tensor]:
    """The rows (N) with the network's greedy answers, and these as ids (N, steps).

    `correct` is an answer that is the decimal `tgt` and ends with `<eos>` in time.
    """
    decoded, probability = scores.decode(trained.model, sources, trained.steps)
    predictions = pa.table(
        {
            "src": rows["src"],
            "tgt": rows["tgt"],
            "predicted": [alphabet.decode(ids) for ids in decoded.tolist()],
            "correct": scores.exact(decoded, answers.cpu()).numpy(),
            "template": rows["template"],
            "probability": probability.numpy(),
        },
        files.PREDICTIONS,
    )
    return predictions, decoded
