"""A small copy of the project that trains in seconds, and the commands run in it.

Lab.create(folder)  ->  a git repository whose pipeline has run and whose results are committed
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from stages.network.checkpoint import Checkpoint
from tests.conftest import write_params
from tests.copies import BIN, copy_sources
from tests.faults.running import Running, Unexpected, last_line, wait_until

RUN = "small-lstm"
EPOCHS = 10
OUTPUTS = f"data/models/{RUN}.safetensors", f"reports/metrics/{RUN}.json", f"reports/history/{RUN}.csv"
TIMING = f"reports/timing/{RUN}.json"
SIZES = {"embed_dim": 64, "hidden_dim": 128, "layers": 2, "batch_size": 64, "epochs": EPOCHS}
DATASETS = {"small": {"rule": {"max": 9}, "sample": 4000, "split": "rows"}}
RUNS = {RUN: {"dataset": "small", "cell": "lstm"}}
NEW_LR = "lr=0.002"  # every fault hits the training that follows this change


@dataclass(frozen=True)
class Lab:
    root: Path
    env: dict[str, str]
    prefix: tuple[str, ...] = ()  # before every command: runs it in a mount namespace
    view: str = ""  # before every path: shows the files in that namespace

    @classmethod
    def create(cls, folder: Path) -> "Lab":
        root = folder / "base"
        copy_sources(root)
        write_params(root / "params.yaml", datasets=DATASETS, runs=RUNS, **SIZES)
        lab = cls(root, _environment(folder))
        lab.run("git", "init", "--quiet", "--initial-branch=main")
        lab.commit()
        lab.run("dvc", "repro")
        lab.commit()
        return lab

    @contextmanager
    def copied(self) -> Iterator["Lab"]:
        """A full copy, with git's history and DVC's cache. At the end its processes are killed and it is deleted."""
        lab = replace(self, root=self.root.with_name(f"copy-{time.monotonic_ns()}"))
        shutil.copytree(self.root, lab.root, symlinks=True)
        try:
            yield lab
        finally:
            for pid in lab.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            shutil.rmtree(lab.root, ignore_errors=True)

    def commit(self) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "step")

    def path(self, name: str) -> Path:
        return Path(f"{self.view}{self.root}/{name}")

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.path(name).read_text()
        if text.count(old) != 1:
            raise Unexpected(f"{name} does not hold {old!r} once")
        self.path(name).write_text(text.replace(old, new))

    def change_lr(self) -> None:
        self.edit("params.yaml", "lr: 0.001", NEW_LR.replace("=", ": "))

    def start(self, *command: str) -> Running:
        log = self.root.with_name(f"log-{time.monotonic_ns()}")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*self.prefix, *command],
                cwd=self.root,
                env=self.env,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        return Running(process, self.root, log, time.monotonic())

    def run(self, *command: str) -> str:
        """The command's output. Raises Unexpected if it fails."""
        running = self.start(*command)
        if running.end():
            raise Unexpected(f"`{' '.join(command)}` failed: {last_line(running.text())}")
        return running.text()

    def processes(self, argument: str = "") -> list[int]:
        """The ids of processes that run in this folder and have the argument in their command line."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                arguments = (folder / "cmdline").read_text(errors="replace").split("\0")[:-1]
                inside = Path(os.readlink(folder / "cwd")).is_relative_to(self.root)
                if inside and (argument in arguments or not argument):
                    found.append(int(folder.name))
        return found

    def checkpoints(self) -> list[Path]:
        return list(self.path(".resume").glob("*.pt"))

    def kept(self) -> int:
        """The number of finished epochs in the checkpoint."""
        states = [Checkpoint(path.parent, *path.stem.rsplit("-", 1)).load() for path in self.checkpoints()]
        return max((len(state["history"]) for state in states), default=0)

    def victim(self, argument: str) -> int:
        """The id of the only process with the argument in its command line. Raises Unexpected unless there is one."""
        found = self.processes(argument)
        if len(found) != 1:
            raise Unexpected(f"{len(found)} processes with {argument}, not one")
        return found[0]

    def child(self, argument: str, part: str) -> bool:
        """Whether a process with the argument has a child with `part` in its command line. Fast enough to poll."""
        for pid in self.processes(argument):
            with suppress(OSError):
                for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                    if part in Path(f"/proc/{child}/cmdline").read_text(errors="replace"):
                        return True
        return False

    def wait_for_epochs(self, count: int) -> None:
        """Wait until the trainer runs and has written `count` checkpoints."""
        seen = set()

        def enough() -> bool:
            with suppress(FileNotFoundError):
                seen.update(path.stat().st_mtime_ns for path in self.checkpoints())
            return len(seen) >= count and bool(self.processes("stages.train"))

        wait_until(enough, f"epoch {count}")

    def hashes(self) -> dict[str, str]:
        there = [name for name in OUTPUTS if self.path(name).exists()]
        return {name: hashlib.sha256(self.path(name).read_bytes()).hexdigest() for name in there}


def _environment(folder: Path) -> dict[str, str]:
    # Without the user's own settings. One thread, so that other work on the machine does not slow the trainings down
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_", "TORCHRUN"))}
    person = {f"GIT_{who}_{what}": "test@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "DVC_NO_ANALYTICS": "1"}
    here = {"DVC_SITE_CACHE_DIR": str(folder / "site"), "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])}
    return outer | person | quiet | here | {"OMP_NUM_THREADS": "1", "COLUMNS": "500"}
