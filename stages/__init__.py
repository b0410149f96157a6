"""The pipeline: a module named like a DVC stage is that stage (a verb); the others are nouns they share.

This runs before the slow PyTorch import.
"""

import os
import signal
import sys
from pathlib import Path

# The code as this process reads it; `sources` holds it against the files when outputs take their places.
SOURCE = {
    path: path.read_bytes()
    for path in sorted(Path(__file__).parent.rglob("*"))
    if path.suffix in (".py", ".j2", ".css", ".js") and not path.name.startswith(".")
}

# While a stage's imports run, which take seconds, Ctrl-C ends it without a word; `one_line` finds words for it later.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# How often a waiting OpenMP thread looks whether the others are done before it sleeps. With 300,000, libgomp's default,
# it occupies its core for milliseconds, and beside other busy processes the thread it waits for needs that core.
# libgomp reads the variable while PyTorch is imported. `make bench` compares several values.
SPINS = 1_000
if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
