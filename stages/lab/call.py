"""git and dvc, called.

call("git", "show", "HEAD:reports/metrics/full-lstm.json")  ->  '{"exact_match": 0.054448, …'
"""

import subprocess

from stages.command import BadInput


def call(*command: str, env: dict | None = None, heard: bool = True) -> str:
    """What it printed, if it is heard: what goes on behind its back would keep the line open.

    Raises BadInput with the last line of what it complains of.
    """
    line = subprocess.PIPE if heard else subprocess.DEVNULL
    done = subprocess.run(command, stdout=line, stderr=line, text=True, env=env)
    if done.returncode:
        raise BadInput(f"`{' '.join(command)}` failed: {((done.stderr or '').splitlines() or ['exit status'])[-1]}")
    return done.stdout or ""
