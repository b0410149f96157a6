"""The pipeline: a module named after a DVC stage or a command is a verb; the folders are rooms of nouns.

This runs before the slow PyTorch import.
"""

import os
import signal
import sys
from pathlib import Path

STAGES = Path(__file__).parent
SOURCE = {  # the code as this process read it
    path: path.read_bytes()
    for path in sorted(STAGES.rglob("*"))
    if path.suffix in (".py", ".j2", ".css", ".js") and not path.name.startswith(".")
}

# Imports take seconds. Until they are done, Ctrl-C ends the stage silently; later `one_line` prints a message.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# The cores that this process may use; once PyTorch is imported, OpenMP's settings may hide them
AFFINITY = os.sched_getaffinity(0) if sys.platform == "linux" else set()

# How often a waiting OpenMP thread polls before it sleeps. libgomp's default, 300,000, keeps a core busy that other
# threads need. libgomp reads the variable while PyTorch is imported. `make bench` compares several values.
SPINS = 10_000
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
