"""What `sources` remembers of a stage's inputs: which changes it reports, and which errors they explain."""

from types import SimpleNamespace

import pytest
from conftest import ROOT, stage, write_params

import stages
from stages import page as room
from stages.common import tables, watch
from stages.common.messages import BadInput


def test_an_input_that_cannot_be_read_is_named(tmp_path):
    """Linux has no memory at address 0, and reading there fails as a broken disk does."""
    config, corpus = write_params(tmp_path / "params.yaml"), tmp_path / "corpus.parquet"
    corpus.symlink_to("/proc/self/mem")
    done = stage("subset", config, "small", corpus, tmp_path / "subset")
    assert (done.returncode, done.stderr) == (1, f"subset: [Errno 5] Input/output error: '{corpus}'\n")


def raised(error, folder, change):
    """The exception that leaves a block of `tables.outputs` that raises this error, perhaps after its input changed."""
    corpus = folder / "corpus.parquet"
    corpus.write_bytes(b"a corpus")
    watch.given(corpus)
    with pytest.raises(BaseException) as ended, tables.outputs(folder / "out") as [draft]:  # noqa: PT011, PT012
        draft.write_text("half")
        if change:
            corpus.write_bytes(b"another corpus")
        raise error
    assert not (folder / "out").exists()
    return ended.value


ERRORS = IndexError(7), BadInput("3 rows"), RuntimeError("shapes"), OSError(28, "No space left on device")


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_that_a_changed_input_explains(error, tmp_path):
    said = raised(error, tmp_path, change=True)
    assert isinstance(said, BadInput)
    assert str(said) == f"{tmp_path / 'corpus.parquet'} changed while the stage ran; run it again"
    assert said.__context__ is error


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_that_no_input_explains(error, tmp_path):
    assert raised(error, tmp_path, change=False) is error


@pytest.mark.parametrize("change", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_a_stage_that_is_stopped_says_that_alone(error, change, tmp_path):
    assert raised(error, tmp_path, change) is error


def test_files_of_an_editor_are_no_code():
    assert {path.suffix for path in stages.SOURCE} == {".py", ".j2", ".css", ".js"}
    assert not [path for path in stages.SOURCE if path.name.startswith(".")]


def test_without_dvc_every_value_counts(tmp_path):
    config = tmp_path / "params.yaml"
    config.write_text("lr: 0.1\nruns: {a: {epochs: 2}}\nextra: 1\n")
    watch.values(config)
    for content, words in {
        "lr: 0.1\nruns: {a: {epochs: 3}}\nextra: 1\n": "runs.a.epochs was 2, is 3",
        "lr: 0.1\nruns: {a: {epochs: 2}}\n": "extra was 1, is missing",
    }.items():
        config.write_text(content)
        with pytest.raises(BadInput, match=f"{words}; run it again$"):
            watch.unchanged()
    config.write_text("# the same\nruns: {a: {epochs: 2}}\nextra: 1\nlr: 0.1\n")
    watch.unchanged()


def test_modules_that_were_not_imported_may_change(monkeypatch):
    """And so may a template, where its folder's modules were not."""
    page = ROOT / "stages" / "page" / "index.html.j2"
    monkeypatch.setitem(stages.SOURCE, page, b"other")
    monkeypatch.setattr(sources, "sys", SimpleNamespace(modules={"stages": stages}))
    watch.unchanged()
    monkeypatch.setattr(sources, "sys", SimpleNamespace(modules={"stages.page": room}))
    with pytest.raises(BadInput, match=r"index\.html\.j2 changed while the stage ran"):
        watch.unchanged()
