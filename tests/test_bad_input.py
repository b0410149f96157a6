"""Broken files: one line that begins with the stage's name, a non-zero exit, earlier files as they were."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import ENDINGS, EVALUATED, FOLDERS, ROOT, options, stage, write_params

from stages.common import tables
from stages.network import scores, weights
from stages.network.seq2seq import Seq2Seq


@pytest.fixture
def lab(tmp_path):
    """A params.yaml, good rows and a good model, and one older file where every output would go."""
    write_params(tmp_path / "params.yaml")
    pq.write_table(pa.table(GOOD, tables.EXPRESSIONS), tmp_path / "good.parquet")
    weights.save(tmp_path / "good.safetensors", weights.Trained("small-lstm", Seq2Seq("lstm", 8, 8, 1), 12, HISTORY))
    (tmp_path / "out").write_text("earlier")
    return tmp_path


def broken(kind, lab):
    path = lab / "broken"
    good = (lab / "good.parquet").read_bytes()
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("no table\nno model\n")
        case "truncated":
            path.write_bytes(good[: len(good) // 2])
        case "corrupt inside":
            path.write_bytes(good[:20] + bytes(len(good) - 320) + good[-300:])
        case "a folder":
            path.mkdir()
        case "no rows":
            pq.write_table(tables.EXPRESSIONS.empty_table(), path)
        case "gaps":
            pq.write_table(pa.table({**GOOD, "tgt": [3, None]}, tables.EXPRESSIONS), path)
        case "an empty expression":
            pq.write_table(pa.table({**GOOD, "src": ["1+2=", ""]}, tables.EXPRESSIONS), path)
        case "other columns":
            pq.write_table(pa.table({"x": [1]}), path)
        case "other types":
            pq.write_table(pa.table({"src": [1], "tgt": ["1"]}), path)
    return path


GOOD = {
    "src": ["1+2=", "3*4="],
    "tgt": [3, 12],
    "steps": ["3", "12"],
    "template": ["a+b", "a*b"],
    "a": [1, 3],
    "b": [2, 4],
    "c": [None] * 2,
}
HISTORY = [{"train_loss": 1.0, "train_token_accuracy": 0.5}]
KINDS = ["missing", "empty", "text", "truncated", "corrupt inside", "a folder", "other columns", "other types"]
READERS = {
    "subset": ["params.yaml", "small", "BROKEN", "out"],
    "sample": ["params.yaml", "small", "BROKEN", "out", "out"],
    "train": ["params.yaml", "small-lstm", "good.parquet", "BROKEN", "out", "out", ".resume"],
    "evaluate": ["params.yaml", "good.safetensors", "BROKEN", *options(dict.fromkeys(EVALUATED, "out"))],
}


def fails_in_one_line(name, lab, arguments, words):
    done = stage(name, *(lab / "broken" if word == "BROKEN" else _path(lab, word) for word in arguments))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: ")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr
    assert (lab / "out").read_text() == "earlier"
    assert not list(lab.glob(".*.tmp"))


def _path(lab, word):
    return lab / word if "." in str(word) or word == "out" else word


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kind", ["missing", "truncated"])
def test_parquet_by_stage(name, kind, lab):
    broken(kind, lab)
    fails_in_one_line(name, lab, READERS[name], [str(lab / "broken")])


@pytest.mark.parametrize("kind", [*KINDS, "no rows", "gaps", "an empty expression"])
def test_parquet_by_kind(kind, lab):
    broken(kind, lab)
    fails_in_one_line("train", lab, READERS["train"], [str(lab / "broken")])


@pytest.mark.parametrize("kind", KINDS)
def test_model_by_kind(kind, lab):
    broken(kind, lab)
    arguments = ["params.yaml", "BROKEN", "good.parquet", *options(dict.fromkeys(EVALUATED, "out"))]
    fails_in_one_line("evaluate", lab, arguments, [str(lab / "broken")])


@pytest.mark.parametrize(
    "content",
    [
        [1],
        {},
        torch.zeros(3),
        {"shape": {"cell": "lstm"}},
        {"shape": {"cell": "perceptron", "embed_dim": 1, "hidden_dim": 1, "layers": 1}},
    ],
)
def test_a_torch_file_that_is_no_model(content, lab):
    torch.save(content, lab / "broken")
    arguments = ["params.yaml", "BROKEN", "good.parquet", *options(dict.fromkeys(EVALUATED, "out"))]
    fails_in_one_line("evaluate", lab, arguments, ["not a model"])


class Trap:
    """A pickle that would make a file on loading."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_code_in_a_model_file_is_not_run(lab):
    torch.save({"shape": Trap(lab / "trapped")}, lab / "broken")
    arguments = ["params.yaml", "BROKEN", "good.parquet", *options(dict.fromkeys(EVALUATED, "out"))]
    fails_in_one_line("evaluate", lab, arguments, ["not a model"])
    assert not (lab / "trapped").exists()


def test_a_loss_that_is_no_number(lab, monkeypatch):
    real = scores.summed_loss
    monkeypatch.setattr(scores, "summed_loss", lambda *given: (real(*given)[0] * torch.nan, *real(*given)[1:]))
    arguments = ["params.yaml", "small-lstm", "good.parquet", "good.parquet", "out", "timing.json", ".resume"]
    fails_in_one_line("train", lab, arguments, ["run small-lstm: train_loss is nan in epoch 1"])
    assert not (lab / "timing.json").exists()


def test_a_truncated_model(lab):
    good = (lab / "good.safetensors").read_bytes()
    (lab / "broken").write_bytes(good[: len(good) // 2])
    arguments = ["params.yaml", "BROKEN", "good.parquet", *options(dict.fromkeys(EVALUATED, "out"))]
    fails_in_one_line("evaluate", lab, arguments, ["not a model", "truncated"])


def test_a_foreign_character_in_a_table(lab):
    pq.write_table(pa.table({**GOOD, "src": ["1+2=", "1/2="]}, tables.EXPRESSIONS), lab / "broken")
    fails_in_one_line("train", lab, READERS["train"], ["unknown character '/'", "'1/2='", str(lab / "broken")])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("subset", ["params.yaml", "nothing", "good.parquet", "out"]),
        ("sample", ["params.yaml", "nothing", "good.parquet", "out", "out"]),
        ("train", ["params.yaml", "nothing", "good.parquet", "good.parquet", "out", "out", ".resume"]),
    ],
)
def test_a_name_that_is_not_in_params(name, arguments, lab):
    fails_in_one_line(name, lab, arguments, ["no entry 'nothing'", "there are "])


@pytest.mark.parametrize("folder", ENDINGS)
@pytest.mark.parametrize(
    ("content", "words"), [(None, "no such file"), (b"", ""), (b"{", ""), (b"{}", ""), (b"\xff\xfe\x00", "")]
)
def test_report_with_a_broken_file(folder, content, words, lab, finished):
    shutil.copytree(finished, lab, dirs_exist_ok=True)
    path = lab / folder / f"small-lstm{ENDINGS[folder]}"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    folders = options({name: f"./{name}" for name in FOLDERS})
    fails_in_one_line(
        "report", lab, ["params.yaml", ROOT / "studies.yaml", *folders, "--page", "out"], [str(path), words]
    )


@pytest.mark.parametrize("name", ["subsets/small.parquet", "samples/no_7/train.parquet"])
@pytest.mark.parametrize("content", [None, b"text"])
def test_report_with_a_broken_dataset(name, content, lab, finished):
    shutil.copytree(finished, lab, dirs_exist_ok=True)
    (lab / name).unlink()
    if content is not None:
        (lab / name).write_bytes(content)
    folders = options({name: f"./{name}" for name in FOLDERS})
    fails_in_one_line(
        "report", lab, ["params.yaml", ROOT / "studies.yaml", *folders, "--page", "out"], [str(lab / name)]
    )


def test_an_output_that_cannot_be_written_is_found_before_the_work(lab, monkeypatch):
    (lab / "folder").mkdir()
    monkeypatch.setattr("stages.train.train", lambda *_: pytest.fail("trained first"))
    rows = lab / "good.parquet"
    done = stage("train", lab / "params.yaml", "small-lstm", rows, rows, lab / "out", lab / "folder", lab / ".resume")
    assert done.stderr == f"train: {lab / 'folder'}: is a folder; remove it or give the path of a file\n"
    assert (lab / "out").read_text() == "earlier"


def test_too_little_memory(lab, monkeypatch):
    def starved(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")

    monkeypatch.setattr("stages.train.train", starved)
    arguments = ["params.yaml", "small-lstm", "good.parquet", "good.parquet", "out", "timing.json", ".resume"]
    fails_in_one_line("train", lab, arguments, ["out of memory", "hidden_dim"])


def test_a_network_that_diverged(lab):
    model = Seq2Seq("lstm", 8, 8, 1)
    torch.nn.init.constant_(model.head[0].bias, float("nan"))
    weights.save(lab / "nan.safetensors", weights.Trained("small-lstm", model, 12, HISTORY))
    arguments = ["params.yaml", "nan.safetensors", "good.parquet", *options(dict.fromkeys(EVALUATED, "out"))]
    fails_in_one_line("evaluate", lab, arguments, ["nan.safetensors", "its loss", "is nan"])
