"""Fixtures of all tests: a tiny params.yaml, the whole corpus, a finished pipeline, and a repository to change."""

import contextlib
import importlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")  # pytest runs a process per core
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # only the CPU promises byte-identical results; set before the PyTorch import

import hypothesis
import pytest
import torch
from filelock import FileLock
from ruamel.yaml import YAML

from stages.arithmetic.questions import KINDS
from stages.common import watch
from stages.common.command import one_line
from stages.studies import design
from tests.copies import ROOT, Repository, copy_sources

hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile("steady")

ASKING = {"decoder": "pointer", "optimizer": "muon", "scratchpad": "questions"}
TINY = {
    "embed_dim": 8,
    "hidden_dim": 8,
    "layers": 1,
    "batch_size": 16,
    "epochs": 2,
    "patience": "none",
    "lr": 0.001,
    "precision": "float32",
    "decoder": "context",
    "schedule": "constant",
    "optimizer": "adamw",
    "scratchpad": "none",
    "questions": dict.fromkeys(KINDS, 1.0),
    "seed": 42,
    "sample_seed": 42,
    "valid_share": 0.1,
    "test_share": 0.0,
    "corpus": {"operands": 12},
    "datasets": {
        "small": {"rule": {"max": 9}, "sample": 60, "split": "rows"},
        "no_7": {"rule": {"without": "7"}, "sample": 50, "split": "rows"},
    },
    "runs": {
        "small-lstm": {"dataset": "small", "cell": "lstm"},
        "small-gru": {"dataset": "small", "cell": "gru", **ASKING},
        "no_7-lstm": {"dataset": "no_7", "cell": "lstm", "epochs": 1, "scratchpad": "steps"},
    },
}

# The runs of `reproduced`
REPRODUCED = {
    "small-lstm": {"dataset": "small", "cell": "lstm", "epochs": 4},
    "no_7-lstm": {"dataset": "no_7", "cell": "lstm", "epochs": 1},
}

# These run first, so that no process is left with a long file when the others have finished
LONGEST = "test_pipeline.py", "test_launch.py", "test_repro.py", "test_interruptions.py", "test_trainings.py"

# The folders that `report` reads, with one file per run, and their endings
ENDINGS = {
    "history": ".csv",
    "metrics": ".json",
    "timing": ".json",
    "predictions": ".parquet",
    "products": ".parquet",
}
FOLDERS = "subsets", "samples", *ENDINGS, "studies"
TRAINED = "model", "film", "timing", "live"
EVALUATED = "train", "predictions", "products", "metrics", "history", "plots"


def options(paths: Mapping[str, object]) -> list:
    """The arguments --NAME PATH for each path."""
    return [word for name, path in paths.items() for word in (f"--{name}", path)]


COMPARISON = design.Comparison(larger="unsteadiness", at={"lr": 0.01}, than_at={"lr": 0.001})


def study_of(**changes) -> design.Study:
    """A small study of trainings, with these fields changed."""
    known = {
        "question": "?",
        "run": "small-lstm",
        "points": [{"lr": [0.01, 0.001], "seed": [1, 2]}, {"epochs": 3}],
        "reach": 0.5,
        "by": ["lr"],
        "show": ["loss"],
        "rule": [COMPARISON],
    }
    return design.Study(**known | changes)


def write_params(path: Path, **changes) -> Path:
    """Write params.yaml with its comments, the values of TINY, and changes at its root."""
    yaml = YAML()
    raw = yaml.load(ROOT / "params.yaml")
    raw.update(TINY | changes)
    path.parent.mkdir(exist_ok=True)
    yaml.dump(raw, path)
    return path


def stage(name: str, *arguments: object, text: str = "") -> subprocess.CompletedProcess:
    """`python -m stages.NAME` in this process, which saves the seconds of importing PyTorch."""
    module = importlib.import_module(f"stages.{name}")
    code, out, err = 0, io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", [name, *map(str, arguments)]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()))),
        mock.patch.dict(watch.READ, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            with one_line(name):
                module.main(*([module.arguments()] if hasattr(module, "arguments") else []))
        except SystemExit as end:  # its code is the exit status, or a message, which Python prints with exit status 1
            code = 1 if isinstance(end.code, str) else end.code
            err.write(f"{end.code}\n" if isinstance(end.code, str) else "")
    return subprocess.CompletedProcess(module.__name__, code or 0, out.getvalue(), err.getvalue())


def process(name: str, *arguments: object) -> subprocess.CompletedProcess:
    """`python -m stages.NAME` in a process of its own."""
    command = [sys.executable, "-m", f"stages.{name}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def head(tmp_path_factory):
    """A clone of the last commit, without uncommitted changes of the working tree."""
    path = tmp_path_factory.mktemp("head")
    subprocess.run(["git", "clone", "--quiet", ROOT, path], check=True)
    return path


@pytest.fixture(scope="session")
def committed(head):
    return head / "params.yaml"


@pytest.fixture(scope="session")
def corpus(committed, tmp_path_factory):
    """The path of the whole corpus over 0..49, written by the stage `generate`."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.parquet"
    done = process("generate", committed, path)
    assert done.returncode == 0, done.stderr
    return path


def samples(lab: Path, dataset: str) -> list[Path]:
    """The paths of a dataset's training and validation rows."""
    return [lab / "samples" / dataset / f"{part}.parquet" for part in ("train", "valid")]


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A folder with params.yaml and all inputs of `report`, written by the other stages for the tiny runs."""
    lab = tmp_path_factory.mktemp("finished")
    config = write_params(lab / "params.yaml")
    done = [stage("generate", config, lab / "corpus.parquet")]
    for name in TINY["datasets"]:
        rows = [lab / "subsets" / f"{name}.parquet", *samples(lab, name), lab / "samples" / name / "test.parquet"]
        done += [stage("subset", config, name, lab / "corpus.parquet", rows[0]), stage("sample", config, name, *rows)]
    for name, run in TINY["runs"].items():
        train, valid = samples(lab, run["dataset"])
        model, live = lab / "models" / f"{name}.safetensors", lab / "live" / f"{name}.csv"
        made = model, lab / "film" / f"{name}.parquet", lab / "timing" / f"{name}.json", live, lab / ".resume"
        done.append(stage("train", config, name, train, valid, *made))
        outputs = {kind: lab / kind / f"{name}{(ENDINGS | {'plots': '.csv'})[kind]}" for kind in EVALUATED[1:]}
        done.append(stage("evaluate", config, model, valid, *options({"train": train} | outputs)))
    assert not any(ended.returncode for ended in done), [ended.stderr for ended in done]
    return lab


def stage_arguments(verb: str, lab: Path, out: Path) -> list:
    """A stage's arguments for `small-lstm` or its dataset: inputs in a folder as `finished`, outputs in another one."""
    config, (train, valid) = lab / "params.yaml", samples(lab, "small")
    subset, model = lab / "subsets" / "small.parquet", lab / "models" / "small-lstm.safetensors"
    return {
        "generate": [config, out / "corpus"],
        "subset": [config, "small", lab / "corpus.parquet", out / "subset"],
        "sample": [config, "small", subset, out / "train", out / "valid", out / "test"],
        "train": [config, "small-lstm", train, valid, *(out / name for name in TRAINED), lab / ".resume"],
        "evaluate": [config, model, valid, *options({"train": train} | {name: out / name for name in EVALUATED[1:]})],
        "report": [config, ROOT / "studies.yaml", *options({n: lab / n for n in FOLDERS} | {"page": out / "page"})],
    }[verb]


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory, worker_id):
    """A repository whose pipeline has run, and DVC's output. All test processes share it; no test changes it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    repository, output = Repository(shared / "reproduced"), shared / "reproduced.txt"
    with FileLock(shared / "reproduced.lock"):
        if not output.exists():
            copy_sources(repository.root)
            write_params(repository.root / "params.yaml", runs=REPRODUCED)
            repository.run("git", "init", "--quiet", "--initial-branch=main")
            printed = repository.run("dvc", "repro")
            repository.run("git", "add", "--all")
            repository.run("git", "commit", "--quiet", "--message", "results")
            output.write_text(printed)
    return repository, output.read_text()


@pytest.fixture
def repository(reproduced, tmp_path):
    """A test's own copy of `reproduced`."""
    return Repository(shutil.copytree(reproduced[0].root, tmp_path / "repository", symlinks=True))


@pytest.fixture(autouse=True)
def alone():
    """Every test starts with the same random seed and with no record of files that stages have read."""
    torch.manual_seed(0)
    watch.READ.clear()
