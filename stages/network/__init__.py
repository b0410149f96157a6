"""The network and its training: tensors in, tensors out.

B rows, S source tokens, T answer tokens, V = 18 tokens, E embedding size, H hidden size.

A source ends with '=', an answer with `<eos>`; both are padded on the right. A token's id is its place in TOKENS, and
its row in the embedding: '0' is 2.
"""

import pyarrow as pa

PAD = 0  # padding up to the longest row of a table, not counted in the loss; also the decoder's start token
EOS = 1  # ends every answer, so that its length is learned; a source ends with '=' instead
TOKENS = ("<pad>", "<eos>", *"0123456789+-*()=")

CALCULATOR = "calculator"  # the pretrained network in git, made by the study of this name

# A row with a network's answer
PREDICTIONS = pa.schema(
    {
        "src": pa.string(),
        "tgt": pa.int32(),
        "written": pa.string(),  # all that the network wrote
        "predicted": pa.string(),  # the value; with a scratchpad, what is behind the last '='
        "correct": pa.bool_(),
        "template": pa.dictionary(pa.int32(), pa.string()),
        "probability": pa.float64(),
    }
)

# A row of a training's film: an answer at one moment
FILM = pa.schema(
    [
        pa.field("epoch", pa.float64()),  # passes over the training rows so far
        pa.field("questions", pa.dictionary(pa.int32(), pa.string())),  # a name of network/film.py
        *(field for field in PREDICTIONS if field.name != "template"),
    ]
)
