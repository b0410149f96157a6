"""Processes killed at random moments of a training: trainer, DVC and queue workers, by several signals.

rows(base, reference, 0.6, 2.5)  ->  Row('the trainer of `dvc repro`: kill -9', 5.1, …), …
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.lab import EPOCHS, NEW_LR, Lab
from tests.faults.page import Row
from tests.faults.running import NOTICED, Unexpected, last_line, wait_until

SIGNALS = {
    "kill -9": signal.SIGKILL,
    "SIGTERM": signal.SIGTERM,
    "SIGINT": signal.SIGINT,
    "Ctrl-C": signal.SIGINT,  # sent to all processes of the command, as a terminal does
}
REPRO = (("dvc", "repro"),)
EXPERIMENT = (("dvc", "exp", "run", "--set-param", NEW_LR),)
QUEUE = (("dvc", "exp", "run", "--queue", "--name", "trial", "--set-param", NEW_LR), ("dvc", "queue", "start"))


@dataclass(frozen=True)
class Kill:
    """The commands to run, and the process to kill: the one with this argument in its command line."""

    title: str
    commands: tuple[tuple[str, ...], ...]
    argument: str
    how: str
    times: int
    at_birth: bool = False  # kill as the trainer starts, before it knows its parent; otherwise at a random later moment


KILLS = [
    Kill("the trainer of `dvc repro`", REPRO, "stages.train", "kill -9", 3),
    Kill("the trainer of `dvc repro`", REPRO, "stages.train", "SIGTERM", 2),
    Kill("the trainer of `dvc repro`", REPRO, "stages.train", "SIGINT", 2),
    Kill("`dvc repro`", REPRO, "repro", "kill -9", 3),
    Kill("`dvc repro` as it starts the trainer", REPRO, "repro", "kill -9", 4, at_birth=True),
    Kill("`dvc repro`", REPRO, "repro", "SIGTERM", 2),
    Kill("`dvc repro`", REPRO, "repro", "Ctrl-C", 2),
    Kill("`dvc exp run`", EXPERIMENT, "exp", "kill -9", 2),
    Kill("the worker of `dvc queue start`", QUEUE, "queue-worker", "kill -9", 2),
    Kill("the `dvc exp exec-run` of a worker", QUEUE, "exec-run", "kill -9", 2),
]


def rows(base: Lab, reference: dict[str, str], pace: float, imports: float) -> Iterator[Row]:
    """One row per kill. `pace` is the seconds per epoch, over which the moments are spread.

    A trainer looks for its DVC only after its imports, which take `imports` seconds.
    """
    chance = random.Random(42)
    for kill in KILLS:
        for _ in range(kill.times):
            # At most the last epoch but one, so that the training cannot have ended before the signal
            after, delay = chance.randrange(EPOCHS - 1), chance.uniform(0, pace)
            row = Row(f"{kill.title}: {kill.how}")
            with row.filled(), base.copied() as lab:
                _killed(row, lab, kill, after, delay, NOTICED + (imports if kill.at_birth else 0))
                _resumed(row, lab, kill, reference)
            yield row


def _killed(row: Row, lab: Lab, kill: Kill, after: int, delay: float, noticed: float) -> None:
    if kill.commands == REPRO:
        lab.change_lr()
    for command in kill.commands[:-1]:
        lab.run(*command)
    running = lab.start(*kill.commands[-1])
    if kill.at_birth:
        wait_until(lambda: lab.child(kill.argument, "stages.train"), "the trainer's start", pause=0)
        time.sleep(delay / 100)
    else:
        lab.wait_for_epochs(after)
        time.sleep(delay)
    row.moment = running.seconds()
    (os.killpg if kill.how == "Ctrl-C" else os.kill)(lab.victim(kill.argument), SIGNALS[kill.how])
    row.orphan = _survives(lab, noticed)
    row.expect(not row.orphan, "an orphan")
    row.kept = lab.kept()
    row.expect(not (kill.at_birth and row.kept), "a checkpoint of an orphan")
    if kill.commands != QUEUE:
        row.expect(running.end() != 0, "exit status 0")
    text = running.text() + _queue_log(lab)
    row.expect("Traceback" not in text, "a traceback")
    row.printed = last_line(text)


def _survives(lab: Lab, seconds: float) -> bool:
    """Whether a trainer is still there after these seconds."""
    try:
        wait_until(lambda: not lab.processes("stages.train"), "the trainer's end", seconds)
    except Unexpected:
        return True
    return False


def _resumed(row: Row, lab: Lab, kill: Kill, reference: dict[str, str]) -> None:
    """Run the commands that a user needs to get the result."""
    commands = list(kill.commands)
    if _detached(lab):  # DVC leaves git like this if it is killed in an experiment
        commands.insert(0, ("git", "switch", "-"))
    if kill.argument == "queue-worker":
        commands.insert(0, ("dvc", "queue", "kill", "trial"))
    row.then = ", ".join(f"`{' '.join(command)}`" for command in commands)
    text = "".join(lab.run(*command) for command in commands)
    if kill.commands == QUEUE:
        wait_until(lambda: "/trial\n" in lab.run("git", "for-each-ref", "refs/exps"), "the experiment's result")
        text = _queue_log(lab)
        lab.run("dvc", "exp", "apply", "trial")
    row.expect(not _detached(lab), "git's HEAD is detached")
    row.ended(text, lab, reference, row.kept)


def _detached(lab: Lab) -> bool:
    return subprocess.run(["git", "symbolic-ref", "--quiet", "HEAD"], cwd=lab.root, capture_output=True).returncode == 1


def _queue_log(lab: Lab) -> str:
    """The output of the queue's last experiment."""
    logs = sorted(lab.root.glob(".dvc/tmp/exps/run/*/*.out"), key=lambda path: path.stat().st_mtime_ns)
    return logs[-1].read_text() if logs else ""
