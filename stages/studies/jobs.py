"""Commands that run beside each other, at most so many at a time.

dvc repro train@full-lstm, dvc repro train@full-gru  ->  their lines as they come; BadInput with a failure's last line
"""

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Self

from stages.common.messages import BadInput


class Jobs:
    """Runs commands, at most `workers` at a time; stops those that still run when the block ends."""

    def __init__(self, workers: int, environment: Mapping[str, str]):
        self.pool, self.environment = ThreadPoolExecutor(workers), environment
        self.running: set[subprocess.Popen] = set()
        self.stopped, self.lock = False, Lock()  # the lock is for both

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.stopped, running = True, [*self.running]
        for process in running:
            process.terminate()
        self.pool.shutdown(cancel_futures=True)  # waits for the processes

    def run(self, command: list[str], show: Callable[[str], object]) -> None:
        """Run a command and show each line that it prints; raises BadInput with the last one if it fails."""
        with self.lock:
            if self.stopped:
                raise BadInput("stopped")
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
            )
            self.running.add(process)
        last = "no output"
        with process:
            for line in process.stdout or ():
                last = line.strip() or last
                show(line.rstrip("\n"))
        with self.lock:
            self.running.discard(process)
        if process.returncode:
            raise BadInput(last if process.returncode > 0 else f"ended by signal {-process.returncode}")
