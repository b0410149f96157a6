"""dvc.yaml names each stage's modules, files and parameters; what modules may import, and how long they may be."""

import ast
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, stage
from ruamel.yaml import YAML

from stages.common import params
from stages.network import checkpoint

STAGES = {
    name: entry.get("do", entry)
    for name, entry in YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text())["stages"].items()
}
COMMANDS = "predict", "repro", "score", "study"
# A noun in a room is named with the room: network.cells. A room is the module that its __init__.py is.
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "stages").rglob("*.py")
}


def imports(module: str) -> set[str]:
    """All names in a module's import statements, also as `package.name`, and the packages around them."""
    names = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names | {name.rsplit(".", dots)[0] for name in names for dots in range(1, name.count(".") + 1)}


def closure(module: str) -> set[str]:
    """The module and all modules of `stages` that it imports, directly or not."""
    reached, left = set(), {module, "stages"}
    while left:
        reached.add(name := left.pop())
        left |= imports(name) & FILES.keys() - reached
    return reached


def code(verb: str) -> list[Path]:
    """The files and folders of `stages` that dvc.yaml names for a stage."""
    return [ROOT / dependency for dependency in STAGES[verb]["deps"] if dependency.startswith("stages/")]


@pytest.mark.parametrize("verb", STAGES)
def test_deps_cover_every_module_and_none_is_useless(verb):
    covering = {module: {FILES[module], *FILES[module].parents} & {*code(verb)} for module in closure(f"stages.{verb}")}
    assert [module for module, deps in covering.items() if not deps] == []
    assert set().union(*covering.values()) == {*code(verb)}


@pytest.mark.parametrize("verb", ["generate", "subset", "sample"])
def test_the_rows_do_not_depend_on_the_network_or_the_page(verb):
    assert {dependency.relative_to(ROOT / "stages").parts[0] for dependency in code(verb)} <= {
        *("__init__.py", "common", "arithmetic", f"{verb}.py")
    }


def test_no_module_imports_a_verb():
    verbs = {f"stages.{verb}" for verb in (*STAGES, *COMMANDS)}
    assert {module: imports(module) & verbs for module in FILES if imports(module) & verbs} == {}


def test_stages_without_a_network_start_without_pytorch():
    names = ", ".join(f"stages.{verb}" for verb in ("generate", "subset", "sample", "report"))
    loaded = f"import sys, {names}; print({{'torch', 'dvc'}} & sys.modules.keys() or 'neither')"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("neither\n", "")


@pytest.mark.parametrize("verb", [*STAGES, *COMMANDS])
def test_help_does_not_wait_for_pytorch(verb, tmp_path):
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')\n")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", f"stages.{verb}", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {verb}.py ")


def lines(paths) -> int:
    return sum(len(path.read_text().splitlines()) for path in paths)


@pytest.mark.parametrize(("verb", "most"), [("subset", 590), ("train", 2880)])
def test_what_one_must_read_behind_a_verb(verb, most):
    assert lines(FILES[module] for module in closure(f"stages.{verb}")) <= most


def test_the_size_of_the_house():
    page = [path for path in FILES.values() if "page" in path.parts]
    assert lines(FILES.values()) - lines(page) <= 4960
    assert lines((ROOT / "tests").rglob("*.py")) <= 8830
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 196


@pytest.mark.parametrize("verb", STAGES)
def test_commands_run_their_module_and_name_their_files(verb):
    entry = STAGES[verb]
    words = entry["cmd"].split()
    assert words[:4] == ["python", "-m", f"stages.{verb}", "params.yaml"]
    outputs = [out for kind in ("outs", "metrics", "plots") for out in entry.get(kind, [])]
    made = {name for out in outputs for name in ([out] if isinstance(out, str) else out)}
    read = {dep for dep in entry["deps"] if not dep.startswith("stages/")} - {"studies.yaml"}
    assert read | made == {word for word in words[4:] if "/" in word} - {"reports/live/${key}.csv"}  # which git ignores


class Recorder:
    """Stands for a frozen dataclass of `params` and notes which of its values are read, by their dotted names."""

    def __init__(self, value, seen, path=""):
        self._value, self._seen, self._path = value, seen, path

    def __getattr__(self, name):
        return self._wrap(getattr(self._value, name), name)

    def __getitem__(self, name):
        return self._wrap(self._value[name], name)

    def __contains__(self, name):
        return name in self._value

    def __iter__(self):
        return iter(self._value)

    def items(self):
        return [(name, self[name]) for name in self]

    def values(self):
        return [self[name] for name in self]

    def _wrap(self, value, name):
        path = f"{self._path}.{name}".removeprefix(".")
        if dataclasses.is_dataclass(value) or isinstance(value, dict):
            return Recorder(value, self._seen, path)
        self._seen.add(path)
        return value


def listed_keys(key: str) -> set[str]:
    """What dvc.yaml must name for a key that was read; a run's number may come from the root or from its entry."""
    runs, _, *name = key.split(".", 2) + [""] * (2 - key.count("."))
    own = name[0].partition(".")[0] in {field.name for field in dataclasses.fields(params.Hyperparameters)}
    return {key, name[0]} if runs == "runs" and own else {key}


def plain(value):
    """What a recorder stands for, read."""
    return {name: getattr(value, name) for name in vars(value._value)} if isinstance(value, Recorder) else value


@pytest.mark.parametrize("verb", STAGES)
def test_params_are_the_keys_that_a_stage_reads(verb, repository, monkeypatch):
    """Each stage runs once more in the finished tiny pipeline, by its own command."""

    def fill(text: str) -> str:
        key = "small" if verb in ("subset", "sample") else "small-lstm"
        return text.replace("${key}", key).replace("${item.dataset}", "small")

    real, seen = params.read, set()
    monkeypatch.chdir(repository.root)
    monkeypatch.setattr(params, "read", lambda path: Recorder(real(path), seen))
    names = [field.name for field in dataclasses.fields(params.Run)]  # the checkpoint's fingerprint is of all of them
    monkeypatch.setattr(checkpoint, "asdict", lambda run: {name: plain(getattr(run, name)) for name in names})
    done = stage(verb, *fill(STAGES[verb]["cmd"]).split()[3:])
    assert done.returncode == 0, done.stderr
    declared = set(map(fill, STAGES[verb].get("params", [])))
    wanted = set().union(*map(listed_keys, seen))
    assert {name for name in wanted if not any(f"{name}.".startswith(f"{known}.") for known in declared)} == set()
    assert {known for known in declared if not any(f"{name}.".startswith(f"{known}.") for name in wanted)} == set()


def test_the_plot_template_draws_the_columns_that_evaluate_writes(finished):
    text = (ROOT / ".dvc" / "plots" / "run.json").read_text()
    columns = set(pd.read_csv(finished / "plots" / "small-lstm.csv").columns)
    parsed = set(json.loads(text)["data"]["format"]["parse"])
    assert parsed | set(re.findall(r'"field": "(\w+)"', text)) == columns | {"rev"}
    assert columns - parsed == {"right", "predicted"}
