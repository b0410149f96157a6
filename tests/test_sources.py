"""An edit while a stage runs: refused where the stage was made from it, and nothing takes its place."""

import contextlib
import os
import shutil
from functools import partial
from types import SimpleNamespace

import pytest
from conftest import EVALUATED, FOLDERS, ROOT, options, samples, stage

import stages
from stages import files, sources
from stages import page as room
from stages.command import BadInput
from stages.network import alphabet

RUN = "small-lstm"


@pytest.fixture
def lab(finished, tmp_path, monkeypatch):
    """A finished small laboratory of one's own, as DVC's working directory."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for name in ("dvc.yaml", "studies.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(verb, lab):
    """Those of the stage, and what it makes."""
    config, out = lab / "params.yaml", lab / "out"
    train, valid = samples(lab, "small")
    subset, corpus, model = (
        lab / "subsets" / "small.parquet",
        lab / "corpus.parquet",
        lab / "models" / f"{RUN}.safetensors",
    )
    evaluated = options({name: out / name for name in EVALUATED})
    given, made = {
        "generate": ([config], [out / "corpus"]),
        "subset": ([config, "small", corpus], [out / "subset"]),
        "sample": ([config, "small", subset], [out / "train", out / "valid"]),
        "train": ([config, RUN, train, valid], [out / "model", out / "timing", lab / ".resume"]),
        "evaluate": ([config, model, valid], evaluated),
        "report": (
            [config, lab / "studies.yaml", *options({name: lab / name for name in FOLDERS})],
            ["--page", out / "page"],
        ),
    }[verb]
    return [*given, *made]


KEYS = {"generate": "", "subset": "@small", "sample": "@small", "train": f"@{RUN}", "evaluate": f"@{RUN}", "report": ""}
# An edit of params.yaml that concerns the stage, and the words for it
CONCERNED = {
    "generate": ("operands: 12", "operands: 11", "corpus.operands was 12, is 11"),
    "subset": ("max: 9", "max: 8", "datasets.small.rule.max was 9, is 8"),
    "sample": ("sample: 60", "sample: 45", "datasets.small.sample was 60, is 45"),
    "train": ("lr: 0.001", "lr: 0.002", "lr was 0.001, is 0.002"),
    "report": ("cell: gru", "cell: lstm", "runs.small-gru.cell was 'gru', is 'lstm'"),
}
# One that concerns another stage only
OTHERS = {
    "generate": ("lr: 0.001", "lr: 0.002"),
    "subset": ("sample: 60", "sample: 45"),
    "sample": ("max: 9", "max: 8"),
    "train": ("cell: gru", "cell: gru\n    lr: 0.5"),
    "evaluate": ("lr: 0.001", "lr: 0.002"),
    "report": ("valid_share: 0.1", "valid_share: 0.2"),
}
TABLES = {
    "subset": "corpus.parquet",
    "sample": "subsets/small.parquet",
    "train": "samples/small/valid.parquet",
    "evaluate": f"models/{RUN}.safetensors",
    "report": "samples/no_7/valid.parquet",
}


def ran(verb, lab, monkeypatch, edit):
    """The stage, as DVC starts it, with an edit when it has read its arguments and not yet made anything."""
    real = files.atomic
    edits = iter([edit])

    @contextlib.contextmanager
    def atomic(*paths):
        with real(*paths) as drafts:
            for now in edits:  # once: a checkpoint is a whole file too
                now()
            yield drafts

    monkeypatch.setattr(files, "atomic", atomic)
    monkeypatch.setenv("DVC_STAGE", verb + KEYS[verb])
    done = stage(verb, *arguments(verb, lab))
    assert next(edits, None) is None
    return done


def replaced(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def refused(verb, done, lab, words):
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if not line.startswith(RUN)]  # but for the epochs
    assert told == [f"{verb}: {words}; run it again"]
    assert not [path for path in (lab / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("verb", CONCERNED)
def test_a_value_that_the_stage_was_made_with(verb, lab, monkeypatch):
    old, new, words = CONCERNED[verb]
    done = ran(verb, lab, monkeypatch, partial(replaced, lab / "params.yaml", old, new))
    refused(verb, done, lab, f"{lab / 'params.yaml'} changed while the stage ran: {words}")


@pytest.mark.parametrize("verb", OTHERS)
def test_a_value_of_another_stage_and_a_comment(verb, lab, monkeypatch):
    def edit():
        replaced(lab / "params.yaml", *OTHERS[verb])
        replaced(lab / "params.yaml", "epochs: 2", "epochs: 2 # changed")

    assert ran(verb, lab, monkeypatch, edit).returncode == 0


@pytest.mark.parametrize("verb", KEYS)
def test_code_of_the_stage(verb, lab, monkeypatch):
    path = ROOT / "stages" / f"{verb}.py"
    done = ran(verb, lab, monkeypatch, lambda: monkeypatch.setitem(stages.SOURCE, path, b"as it was"))
    refused(verb, done, lab, f"{os.path.relpath(path)} changed while the stage ran")


@pytest.mark.parametrize("verb", TABLES)
def test_a_file_that_the_stage_was_given(verb, lab, monkeypatch):
    path = lab / TABLES[verb]

    def edit():
        if path.suffix == ".parquet":
            rows = files.read_table(path)
            files.write_table(path, rows.slice(len(rows) // 2))  # fewer than were counted
        else:
            path.write_bytes(b"another model")

    done = ran(verb, lab, monkeypatch, edit)
    where = f"{lab / 'samples'} changed while the stage ran: no_7/valid.parquet"
    refused(verb, done, lab, where if verb == "report" else f"{path} changed while the stage ran")


def test_an_input_that_cannot_be_read_is_named(lab):
    """Linux has no memory at address 0, and says so as a broken disk does."""
    corpus = lab / "corpus.parquet"
    corpus.unlink()
    corpus.symlink_to("/proc/self/mem")
    done = stage("subset", *arguments("subset", lab))
    assert (done.returncode, done.stderr) == (1, f"subset: [Errno 5] Input/output error: '{corpus}'\n")


def failing(error, lab, change):
    """What ends a block that reads a corpus, perhaps a changed one, and then fails with an error."""
    given = sources.given(lab / "corpus.parquet")
    with pytest.raises(BaseException) as ended, files.outputs(lab / "out") as [draft]:  # noqa: PT011, PT012
        draft.write_text("half")
        if change:
            given.write_bytes(b"another corpus")
        raise error
    assert not (lab / "out").exists()
    return ended.value


ERRORS = IndexError(7), BadInput("3 rows"), RuntimeError("shapes"), OSError(28, "No space left on device")


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_that_a_changed_input_explains(error, lab):
    said = failing(error, lab, change=True)
    assert isinstance(said, BadInput)
    assert str(said) == f"{lab / 'corpus.parquet'} changed while the stage ran; run it again"
    assert said.__context__ is error


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_that_no_input_explains(error, lab):
    assert failing(error, lab, change=False) is error


@pytest.mark.parametrize("change", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_a_stage_that_is_stopped_says_that_alone(error, change, lab):
    assert failing(error, lab, change) is error


def test_a_checkpoint_stays_and_nothing_is_trained_twice(lab, monkeypatch):
    old, new, _ = CONCERNED["train"]
    assert ran("train", lab, monkeypatch, partial(replaced, lab / "params.yaml", old, new)).returncode == 1
    assert len(list((lab / ".resume").glob("*.pt"))) == 1
    replaced(lab / "params.yaml", new, old)
    again = stage("train", *arguments("train", lab))
    assert (again.returncode, again.stderr) == (0, "")  # no line of an epoch
    assert (lab / "out" / "model").read_bytes() == (lab / "models" / f"{RUN}.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["code", "table"])
def test_a_checkpoint_is_not_named_by_what_was_not_read(name, lab, monkeypatch):
    """An edit between reading a module or a table and naming the checkpoint by it stops the training at once."""
    real = alphabet.encode_table

    def encode_table(table, path):
        if name == "code":
            monkeypatch.setitem(stages.SOURCE, ROOT / "stages" / "network" / "learner.py", b"as it was")
        elif path.name == "valid.parquet":
            files.write_table(path, files.read_table(path).slice(1))
        return real(table, path)

    monkeypatch.setattr(alphabet, "encode_table", encode_table)
    done = stage("train", *arguments("train", lab))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "changed while the stage ran" in done.stderr
    assert not (lab / ".resume").exists() or not list((lab / ".resume").glob("*.pt"))


def test_files_of_an_editor_are_no_code():
    assert {path.suffix for path in stages.SOURCE} == {".py", ".j2", ".css", ".js"}
    assert not [path for path in stages.SOURCE if path.name.startswith(".")]


def test_a_file_that_is_half_saved(lab, monkeypatch):
    done = ran("generate", lab, monkeypatch, lambda: (lab / "params.yaml").write_text("lr: ["))
    assert done.returncode == 1
    assert done.stderr.startswith(f"generate: {lab / 'params.yaml'} changed while the stage ran (")
    assert done.stderr.endswith("fix it and run it again\n")


def test_without_dvc_every_value_counts(lab):
    config = lab / "params.yaml"
    config.write_text("lr: 0.1\nruns: {a: {epochs: 2}}\nextra: 1\n")
    sources.values(config)
    for content, words in {
        "lr: 0.1\nruns: {a: {epochs: 3}}\nextra: 1\n": "runs.a.epochs was 2, is 3",
        "lr: 0.1\nruns: {a: {epochs: 2}}\n": "extra was 1, is missing",
    }.items():
        config.write_text(content)
        with pytest.raises(BadInput, match=f"{words}; run it again$"):
            sources.unchanged()
    config.write_text("# the same\nruns: {a: {epochs: 2}}\nextra: 1\nlr: 0.1\n")
    sources.unchanged()


@pytest.mark.parametrize(
    "content", [None, "stages: [", "stages: {}\n", "stages: {train: {params: [{a.yaml: [lr]}]}}\n"]
)
def test_every_value_counts_where_dvc_yaml_does_not_tell(content, lab, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", f"train@{RUN}")
    (lab / "dvc.yaml").unlink()
    if content:
        (lab / "dvc.yaml").write_text(content)
    done = ran("train", lab, monkeypatch, partial(replaced, lab / "params.yaml", "sample: 60", "sample: 45"))
    refused(
        "train", done, lab, f"{lab / 'params.yaml'} changed while the stage ran: datasets.small.sample was 60, is 45"
    )


def test_modules_that_were_not_imported_may_change(monkeypatch):
    """And so may a template, where its folder's modules were not."""
    page = ROOT / "stages" / "page" / "index.html.j2"
    monkeypatch.setitem(stages.SOURCE, page, b"other")
    monkeypatch.setattr(sources, "sys", SimpleNamespace(modules={"stages": stages}))
    sources.unchanged()
    monkeypatch.setattr(sources, "sys", SimpleNamespace(modules={"stages.page": room}))
    with pytest.raises(BadInput, match=r"index\.html\.j2 changed while the stage ran"):
        sources.unchanged()
