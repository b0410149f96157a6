"""Broken files: one line that begins with the stage's name, a non-zero exit, and no output."""

import shutil

import pytest
from conftest import ENDINGS, stage, stage_arguments

CORPUS, SUBSET, MODEL = "corpus.parquet", "subsets/small.parquet", "models/small-lstm.safetensors"
TRAIN, VALID = "samples/small/train.parquet", "samples/small/valid.parquet"
RESULTS = [f"{folder}/small-lstm{ending}" for folder, ending in ENDINGS.items()]
READ = {
    "generate": [],
    "subset": [CORPUS],
    "sample": [SUBSET],
    "train": [TRAIN, VALID],
    "evaluate": [MODEL, TRAIN, VALID],
    "report": [SUBSET, TRAIN, *RESULTS],
}


def fails_in_one_line(verb, lab, out):
    """The line, after the stage's name."""
    done = stage(verb, *stage_arguments(verb, lab, out))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{verb}: ")
    assert done.stderr.count("\n") == 1
    assert not [path for path in (*out.rglob("*"), *lab.rglob("*.tmp")) if path.is_file()]
    return done.stderr.removeprefix(f"{verb}: ")


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb in READ for name in ["params.yaml", *READ[verb]]])
def test_every_stage_names_a_broken_file(verb, name, content, finished, tmp_path):
    lab = shutil.copytree(finished, tmp_path / "lab")
    broken = lab / name
    broken.unlink()
    if content is not None:
        broken.write_bytes(content)
    assert fails_in_one_line(verb, lab, tmp_path / "out").startswith(f"{broken}: ")


def test_an_output_that_cannot_be_written_is_found_before_the_work(finished, tmp_path, monkeypatch):
    monkeypatch.setattr("stages.train.train", lambda *_: pytest.fail("trained first"))
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in fails_in_one_line("train", finished, tmp_path / "file" / "out")
