"""Edits while a stage runs: an edit of its inputs stops it without outputs, and other edits do not matter."""

import contextlib
import os
import shutil
from functools import partial

import pytest
from conftest import EVALUATED, FOLDERS, ROOT, options, samples, stage

import stages
from stages.common import tables
from stages.network import tokens

RUN = "small-lstm"


@pytest.fixture
def lab(finished, tmp_path, monkeypatch):
    """A copy of the finished small laboratory, as DVC's working directory."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for name in ("dvc.yaml", "studies.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stage_arguments(verb, lab):
    """The stage's inputs, then its outputs."""
    config, out = lab / "params.yaml", lab / "out"
    train, valid = samples(lab, "small")
    corpus, subset = lab / "corpus.parquet", lab / "subsets" / "small.parquet"
    model = lab / "models" / f"{RUN}.safetensors"
    evaluated = options({name: out / name for name in EVALUATED[1:]})
    given, made = {
        "generate": ([config], [out / "corpus"]),
        "subset": ([config, "small", corpus], [out / "subset"]),
        "sample": ([config, "small", subset], [out / "train", out / "valid"]),
        "train": ([config, RUN, train, valid], [out / "model", out / "timing", lab / ".resume"]),
        "evaluate": ([config, model, valid, "--train", train], evaluated),
        "report": (
            [config, lab / "studies.yaml", *options({name: lab / name for name in FOLDERS})],
            ["--page", out / "page"],
        ),
    }[verb]
    return [*given, *made]


KEYS = {"generate": "", "subset": "@small", "sample": "@small", "train": f"@{RUN}", "evaluate": f"@{RUN}", "report": ""}
# By stage, an edit of a value in params.yaml that the stage depends on, and its message
OWN_VALUES = {
    "generate": ("operands: 12", "operands: 11", "corpus.operands was 12, is 11"),
    "subset": ("max: 9", "max: 8", "datasets.small.rule.max was 9, is 8"),
    "sample": ("sample: 60", "sample: 45", "datasets.small.sample was 60, is 45"),
    "train": ("lr: 0.001", "lr: 0.002", "lr was 0.001, is 0.002"),
    "report": ("cell: gru", "cell: lstm", "runs.small-gru.cell was 'gru', is 'lstm'"),
}
# By stage, an edit of a value that only other stages depend on
OTHER_VALUES = {
    "generate": ("lr: 0.001", "lr: 0.002"),
    "subset": ("sample: 60", "sample: 45"),
    "sample": ("max: 9", "max: 8"),
    "train": ("cell: gru", "cell: gru\n    lr: 0.5"),
    "evaluate": ("lr: 0.001", "lr: 0.002"),
    "report": ("sample_seed: 42", "sample_seed: 43"),
}
# By stage, an input file
INPUTS = {
    "subset": "corpus.parquet",
    "sample": "subsets/small.parquet",
    "train": "samples/small/valid.parquet",
    "evaluate": f"models/{RUN}.safetensors",
    "report": "samples/no_7/valid.parquet",
}


def run_with_edit(verb, lab, monkeypatch, edit):
    """Run the stage as DVC does, with an edit after it has read its arguments and before it writes anything."""
    real = tables.atomic
    edits = iter([edit])

    @contextlib.contextmanager
    def atomic(*paths):
        with real(*paths) as drafts:
            for now in edits:  # once: a checkpoint is a whole file too
                now()
            yield drafts

    monkeypatch.setattr(files, "atomic", atomic)
    monkeypatch.setenv("DVC_STAGE", verb + KEYS[verb])
    done = stage(verb, *stage_arguments(verb, lab))
    assert next(edits, None) is None
    return done


def replace_once(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def assert_refused(verb, done, lab, words):
    assert done.returncode == 1
    messages = [line for line in done.stderr.splitlines() if not line.startswith(RUN)]  # without its lines per epoch
    assert messages == [f"{verb}: {words}; run it again"]
    assert not [path for path in (lab / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("verb", OWN_VALUES)
def test_a_value_that_the_stage_was_made_with(verb, lab, monkeypatch):
    old, new, words = OWN_VALUES[verb]
    done = run_with_edit(verb, lab, monkeypatch, partial(replace_once, lab / "params.yaml", old, new))
    assert_refused(verb, done, lab, f"{lab / 'params.yaml'} changed while the stage ran: {words}")


@pytest.mark.parametrize("verb", OTHER_VALUES)
def test_a_value_of_another_stage_and_a_comment(verb, lab, monkeypatch):
    def edit():
        replace_once(lab / "params.yaml", *OTHER_VALUES[verb])
        replace_once(lab / "params.yaml", "epochs: 2", "epochs: 2 # changed")

    assert run_with_edit(verb, lab, monkeypatch, edit).returncode == 0


@pytest.mark.parametrize("verb", KEYS)
def test_code_of_the_stage(verb, lab, monkeypatch):
    path = ROOT / "stages" / f"{verb}.py"
    done = run_with_edit(verb, lab, monkeypatch, lambda: monkeypatch.setitem(stages.SOURCE, path, b"as it was"))
    assert_refused(verb, done, lab, f"{os.path.relpath(path)} changed while the stage ran")


@pytest.mark.parametrize("verb", INPUTS)
def test_a_file_that_the_stage_was_given(verb, lab, monkeypatch):
    path = lab / INPUTS[verb]

    def edit():
        if path.suffix == ".parquet":
            rows = tables.read_table(path)
            tables.write_table(path, rows.slice(len(rows) // 2))  # fewer than were counted
        else:
            path.write_bytes(b"another model")

    done = run_with_edit(verb, lab, monkeypatch, edit)
    where = f"{lab / 'samples'} changed while the stage ran: no_7/valid.parquet"
    assert_refused(verb, done, lab, where if verb == "report" else f"{path} changed while the stage ran")


def test_a_checkpoint_stays_and_nothing_is_trained_twice(lab, monkeypatch):
    old, new, _ = OWN_VALUES["train"]
    edit = partial(replace_once, lab / "params.yaml", old, new)
    assert run_with_edit("train", lab, monkeypatch, edit).returncode == 1
    assert len(list((lab / ".resume").glob("*.pt"))) == 1
    replace_once(lab / "params.yaml", new, old)
    again = stage("train", *stage_arguments("train", lab))
    assert (again.returncode, again.stderr) == (0, "")  # no line of an epoch
    assert (lab / "out" / "model").read_bytes() == (lab / "models" / f"{RUN}.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["code", "table"])
def test_a_checkpoint_is_not_named_by_what_was_not_read(name, lab, monkeypatch):
    """An edit between reading a module or a table and naming the checkpoint by it stops the training at once."""
    real = tokens.encode_table

    def encode_table(table, path, scratchpad):
        if name == "code":
            monkeypatch.setitem(stages.SOURCE, ROOT / "stages" / "network" / "learner.py", b"as it was")
        elif path.name == "valid.parquet":
            tables.write_table(path, tables.read_table(path).slice(1))
        return real(table, path, scratchpad)

    monkeypatch.setattr(alphabet, "encode_table", encode_table)
    done = stage("train", *stage_arguments("train", lab))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "changed while the stage ran" in done.stderr
    assert not (lab / ".resume").exists() or not list((lab / ".resume").glob("*.pt"))


def test_a_file_that_is_half_saved(lab, monkeypatch):
    done = run_with_edit("generate", lab, monkeypatch, lambda: (lab / "params.yaml").write_text("lr: ["))
    assert done.returncode == 1
    assert done.stderr.startswith(f"generate: {lab / 'params.yaml'} changed while the stage ran (")
    assert done.stderr.endswith("fix it and run it again\n")


@pytest.mark.parametrize(
    "content", [None, "stages: [", "stages: {}\n", "stages: {train: {params: [{a.yaml: [lr]}]}}\n"]
)
def test_every_value_counts_where_dvc_yaml_does_not_tell(content, lab, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", f"train@{RUN}")
    (lab / "dvc.yaml").unlink()
    if content:
        (lab / "dvc.yaml").write_text(content)
    edit = partial(replace_once, lab / "params.yaml", "sample: 60", "sample: 45")
    done = run_with_edit("train", lab, monkeypatch, edit)
    words = "datasets.small.sample was 60, is 45"
    assert_refused("train", done, lab, f"{lab / 'params.yaml'} changed while the stage ran: {words}")
