"""Files edited while a stage runs: refused if the stage depends on the file, accepted otherwise.

rows(base)  ->  Row('`train`: params.yaml edited', printed='train: params.yaml changed while …', …), …
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stages import files
from tests.faults.lab import EPOCHS, RUN, Lab
from tests.faults.page import Row
from tests.faults.running import Running, last_line

TARGETS = {
    "generate": "generate",
    "subset": "subset@small",
    "sample": "sample@small",
    "train": f"train@{RUN}",
    "evaluate": f"evaluate@{RUN}",
    "report": "report",
}
PARAMS = {
    "generate": ("operands: 12", "operands: 11"),
    "subset": ("max: 9", "max: 8"),
    "sample": ("sample: 4000", "sample: 3900"),
    "train": ("lr: 0.001", "lr: 0.002"),
    "report": ("lr: 0.001", "lr: 0.002"),
}
TABLES = {
    "subset": "data/corpus.parquet",
    "sample": "data/subsets/small.parquet",
    "train": "data/samples/small/train.parquet",
    "evaluate": "data/samples/small/valid.parquet",
    "report": f"data/predictions/{RUN}.parquet",
}
COMMENT = "lr: 0.001 #", "lr: 0.001 # changed,"
ANOTHER_RUN = "cell: lstm", "cell: lstm\n  other: {dataset: small, cell: gru, lr: 0.5}"
ACCEPTED = {
    "generate": ("params.yaml", PARAMS["train"]),
    "subset": ("params.yaml", PARAMS["sample"]),
    "sample": ("params.yaml", PARAMS["subset"]),
    "train": ("params.yaml", ANOTHER_RUN),
    "train, once more": ("stages/page/page.css", None),
    "train, again": ("params.yaml", COMMENT),
    "evaluate": ("params.yaml", PARAMS["train"]),
    "report": ("README.md", None),
}
# Python imports this at the start of every process. It edits the file at the first Path.touch: the stage has then read
# its arguments and creates the drafts of its outputs.
HOOK = """\
import os, pathlib, shutil
touch = pathlib.Path.touch
def edit(path, *given, **named):
    pathlib.Path.touch = touch
    shutil.copy(os.environ["EDITED"], "edited.tmp")
    os.replace("edited.tmp", os.environ["EDIT"])
    touch(path, *given, **named)
if os.environ.get("DVC_STAGE") == os.environ["EDIT_DURING"]:
    pathlib.Path.touch = edit
"""


def rows(base: Lab) -> Iterator[Row]:
    for verb, target in TARGETS.items():
        if verb in PARAMS:
            yield _refused(base, verb, target, "params.yaml", PARAMS[verb])
        yield _refused(base, verb, target, f"stages/{verb}.py", None)
        if verb in TABLES:
            yield _refused(base, verb, target, TABLES[verb], None)
    for verb, (name, change) in ACCEPTED.items():
        yield _accepted(base, TARGETS[verb.partition(",")[0]], name, change)


def _refused(base: Lab, verb: str, target: str, name: str, change: tuple[str, str] | None) -> Row:
    row = Row(f"`{target}`: {name} edited while it runs", then="file put back, `dvc repro`")
    with row.filled(), base.copied() as lab:
        lock = lab.path("dvc.lock").read_bytes()
        running = _edited(lab, target, name, change)
        row.expect(running.end() != 0, "no failure")
        row.printed = last_line(running.text(), verb)
        row.expect(f"{verb}: " in row.printed and f"{Path(name).name}" in row.printed, "not named")
        row.expect(
            "changed while the stage ran" in row.printed and "run it again" in row.printed, "not the expected line"
        )
        row.expect("Traceback" not in running.text(), "a traceback")
        row.expect(lab.path("dvc.lock").read_bytes() == lock, "dvc.lock has changed")
        if verb == "train":
            row.kept = lab.kept()
            row.expect(row.kept == EPOCHS, "the checkpoint is gone")
            row.expect(not lab.path(f"data/models/{RUN}.safetensors").exists(), "a model")
        shutil.copy(base.path(name), lab.path(name))
        text = lab.run("dvc", "repro")
        row.same = lab.hashes() == base.hashes()
        row.expect(row.same, "other bytes")
        row.expect("Traceback" not in text, "a traceback")
    return row


def _accepted(base: Lab, target: str, name: str, change: tuple[str, str] | None) -> Row:
    row = Row(f"`{target}`: {name} edited while it runs, where that does not concern it", then="none")
    with row.filled(), base.copied() as lab:
        running = _edited(lab, target, name, change)
        row.expect(running.end() == 0, f"failed: {last_line(running.text(), 'train')}")
        row.expect(lab.path(name).read_bytes() != base.path(name).read_bytes(), "not edited")
        row.same = lab.hashes() == base.hashes()
        row.expect(row.same, "other bytes")
    return row


def _edited(lab: Lab, target: str, name: str, change: tuple[str, str] | None) -> Running:
    """`dvc repro` of one stage, during which the file is changed; `change` None alters the end of the file."""
    folder = lab.root.with_name(f"{lab.root.name}-hook")
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK)
    edited = folder / "edited"
    if name.endswith(".parquet"):
        schema = files.PREDICTIONS if "predictions" in name else files.EXPRESSIONS
        files.write_table(edited, files.read_table(lab.path(name), schema).slice(1))
    else:
        text = lab.path(name).read_text()
        edited.write_text(text.replace(*change) if change else f"{text}\n")
    env = {"PYTHONPATH": str(folder), "EDIT_DURING": target, "EDIT": name, "EDITED": str(edited)}
    return replace(lab, env=lab.env | env).start("dvc", "repro", "--force", "--single-item", target)
