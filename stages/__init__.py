"""The pipeline: a module named like a DVC stage is that stage (a verb); the others are nouns they share."""

import ctypes
import os
import signal
import sys

# A stage whose DVC was killed must not go on and overwrite what the next DVC makes. Here, before PyTorch's slow import.
if sys.platform == "linux" and "DVC_STAGE" in os.environ:
    PR_SET_PDEATHSIG = 1  # from linux/prctl.h: the signal this process gets when its parent dies
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
