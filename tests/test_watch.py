"""What `watch` remembers of a stage's inputs, which changes it reports, and that each stage asks it."""

import contextlib
import shutil
from types import SimpleNamespace

import pytest
from conftest import ROOT, stage, stage_arguments

import stages
from stages import page
from stages.common import tables, watch
from stages.common.messages import BadInput

RUN = "small-lstm"
RERUN = "; run it again$"


def test_files_of_an_editor_are_no_code_and_no_input(tmp_path):
    assert {path.suffix for path in stages.SOURCE} == {".py", ".j2", ".css", ".js"}
    assert not [path for path in stages.SOURCE if path.name.startswith(".")]
    (tmp_path / "a.csv").write_text("1")
    watch.given(tmp_path)
    (tmp_path / ".a.csv.tmp").write_text("half")
    watch.unchanged()
    (tmp_path / "a.csv").write_text("2")
    with pytest.raises(BadInput, match=rf"^{tmp_path} changed while the stage ran: a\.csv{RERUN}"):
        watch.unchanged()


def test_without_dvc_every_value_counts(tmp_path):
    config = tmp_path / "params.yaml"
    config.write_text("lr: 0.1\nruns: {a: {epochs: 2}}\nextra: 1\n")
    watch.values(config)
    config.write_text("# the same\nruns: {a: {epochs: 2}}\nextra: 1\nlr: 0.1\n")
    watch.unchanged()
    for content, words in {
        "lr: 0.1\nruns: {a: {epochs: 3}}\nextra: 1\n": " changed while the stage ran: runs.a.epochs",
        "lr: 0.1\nruns: {a: {epochs: 2}}\n": " changed while the stage ran: extra",
        "lr: [": ".*line 1",
    }.items():
        config.write_text(content)
        with pytest.raises(BadInput, match=f"^{config}{words}"):
            watch.unchanged()


def test_modules_that_were_not_imported_may_change(monkeypatch):
    """And so may a template, where its folder's modules were not."""
    monkeypatch.setitem(stages.SOURCE, ROOT / "stages" / "page" / "index.html.j2", b"other")
    monkeypatch.setattr(watch, "sys", SimpleNamespace(modules={"stages": stages}))
    watch.unchanged()
    monkeypatch.setattr(watch, "sys", SimpleNamespace(modules={"stages.page": page}))
    with pytest.raises(BadInput, match=rf"index\.html\.j2 changed while the stage ran{RERUN}"):
        watch.unchanged()


@pytest.fixture
def lab(finished, tmp_path, monkeypatch):
    """A copy of the finished small laboratory, as DVC's working directory."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stages.report.render", lambda results: "the page")  # to draw it takes seconds
    return tmp_path


# By stage: a value of params.yaml that it depends on, edited, and its name in a message; a value that only other stages
# depend on; an input, and what a message says of it
CASES = {
    "generate": (("operands: 12", "operands: 11", "corpus.operands"), ("lr: 0.001", "lr: 1"), None),
    "subset@small": (
        ("max: 9", "max: 8", "datasets.small.rule.max"),
        ("sample: 60", "sample: 45"),
        ("corpus.parquet", "corpus.parquet changed"),
    ),
    "sample@small": (
        ("sample: 60", "sample: 45", "datasets.small.sample"),
        ("max: 9", "max: 8"),
        ("subsets/small.parquet", "subsets/small.parquet changed"),
    ),
    f"train@{RUN}": (
        ("lr: 0.001", "lr: 0.002", "lr"),
        ("cell: gru", "cell: gru\n    lr: 0.5"),
        ("samples/small/valid.parquet", "samples/small/valid.parquet changed"),
    ),
    f"evaluate@{RUN}": (None, ("lr: 0.001", "lr: 1"), (f"models/{RUN}.safetensors", f"{RUN}.safetensors changed")),
    "report": (
        ("cell: gru", "cell: lstm", "runs.small-gru.cell"),
        ("sample_seed: 42", "sample_seed: 43"),
        ("samples/no_7/valid.parquet", "samples changed while the stage ran: no_7/valid.parquet"),
    ),
}


@contextlib.contextmanager
def edited(path, old, new):
    before = path.read_bytes()
    assert before.count(old) == 1
    path.write_bytes(before.replace(old, new))
    yield
    path.write_bytes(before)


@pytest.mark.parametrize("name", CASES)
def test_each_stage_refuses_edits_of_its_inputs_and_allows_others(name, lab, monkeypatch):
    """The edits come after the stage has read its arguments. The last one stays, and the stage writes nothing."""
    own, other, given = CASES[name]
    verb = name.partition("@")[0]
    config, code = lab / "params.yaml", ROOT / "stages" / f"{verb}.py"
    real = tables.atomic

    @contextlib.contextmanager
    def atomic(*paths):
        monkeypatch.setattr(tables, "atomic", real)
        with edited(config, *map(str.encode, other)), edited(config, b"epochs: 2", b"epochs: 2 # a comment"):
            watch.unchanged()
        if own:
            *edit, named = own
            with edited(config, *map(str.encode, edit)), pytest.raises(BadInput, match=rf" ran: {named}\b.*{RERUN}"):
                watch.unchanged()
        if given:
            whole = (lab / given[0]).read_bytes()
            with edited(lab / given[0], whole, whole[:-1]), pytest.raises(BadInput, match=f"{given[1]}.*{RERUN}"):
                watch.unchanged()
        watch.unchanged()
        with real(*paths) as drafts:
            monkeypatch.setitem(stages.SOURCE, code, b"as it was")
            yield drafts

    monkeypatch.setattr(tables, "atomic", atomic)
    monkeypatch.setenv("DVC_STAGE", name)
    done = stage(verb, *stage_arguments(verb, lab, lab / "out"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"{verb}: ")
    assert done.stderr.endswith(f"stages/{verb}.py changed while the stage ran; run it again\n")
    assert not [path for path in (lab / "out").rglob("*") if path.is_file() and path.name != "live"]


def test_a_checkpoint_is_not_named_by_rows_that_were_not_read(lab, monkeypatch):
    """An edit between reading a table and naming the checkpoint by it stops the training at once."""
    real = tables.read_table

    def read_table(path):
        table = real(path)
        if path.name == "valid.parquet":
            tables.write_table(path, table.slice(1))
        return table

    monkeypatch.setattr(tables, "read_table", read_table)
    done = stage("train", *stage_arguments("train", lab, lab / "out"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "valid.parquet changed while the stage ran" in done.stderr
    assert not list(lab.rglob("*.pt"))
