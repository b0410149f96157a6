"""The names that params.yaml may choose from; a dict maps each name to its implementation.

cell: gru  ->  one of get_args(Cell), a key of network/cells.CELLS
"""

from typing import Literal

Cell = Literal["lstm", "gru"]
Decoder = Literal["context", "feedback", "attention"]
Schedule = Literal["constant", "one_cycle"]
Optimizer = Literal["adamw", "muon"]
Scratchpad = Literal["none", "steps", "coarse", "front"]
Precision = Literal["float32", "tf32", "bf16"]
Split = Literal["rows", "operands"]
