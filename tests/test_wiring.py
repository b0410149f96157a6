"""dvc.yaml against the code: modules, params, rooms; and the committed results against both."""

import ast
import dataclasses
import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, stage, write_params
from dvc.repo import Repo

from stages import params, sources, studies, study_table
from tests.copies import BIN

ORDER = ["generate", "subset", "sample", "train", "evaluate", "report"]
VERBS = {*ORDER, "predict", "score", "study"}
# A noun in a room of its own is named with it: network.cells. A room is the module that its __init__.py is.
FILES = {
    ".".join(path.relative_to(ROOT / "stages").with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "stages").rglob("*.py")
    if path != ROOT / "stages" / "__init__.py"
}


def imports(module: str) -> set[str]:
    """The modules of `stages` that a module names in its import statements, and the rooms they are in."""
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("stages."):
            room = node.module.removeprefix("stages").removeprefix(".")
            found |= {room} | {f"{room}.{alias.name}".removeprefix(".") for alias in node.names}
    return found & set(FILES)


def reached(module: str) -> set[str]:
    """The module, and all that it imports directly or through others."""
    found, left = set(), {module}
    while left:
        found.add(name := left.pop())
        left |= (imports(name) | {name.rpartition(".")[0]} & set(FILES)) - found
    return found


@functools.cache
def loaded(module: str) -> set[str]:
    """What Python really has in memory after importing a stage."""
    code = f"import sys, stages.{module}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split())


@pytest.fixture(scope="module")
def stages():
    with Repo(ROOT) as repo:
        return sorted(repo.index.stages, key=lambda one: one.addressing)


def verb(one) -> str:
    return one.name.partition("@")[0]


def test_deps_hold_every_module(stages):
    assert {verb(one) for one in stages} == set(ORDER)
    for one in stages:
        code = {dep.def_path for dep in one.deps if dep.def_path.startswith("stages/")}
        wanted = {ROOT / "stages" / "__init__.py"} | {FILES[name] for name in reached(verb(one))}
        if verb(one) == "report":
            wanted |= {path for kind in studies.KINDS for path in study_table.code(kind)}
        assert code == set(map(dependency, wanted)), one.addressing


def dependency(path: Path) -> str:
    """A module of a room is there with all of its room, which is a folder."""
    return "/".join(path.relative_to(ROOT).parts[:2])


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_code_of_a_verb_is_all_that_it_imports(verb):
    assert sources.code(verb) == {ROOT / "stages" / "__init__.py", *(FILES[name] for name in reached(verb))}


@pytest.mark.parametrize(
    ("kind", "verbs", "finders"),
    [
        ("trainings", ORDER[:-1], {"lab.dvc", "lab.queue", "lab.trained"}),
        ("answers", ORDER[:-1], {"lab.answers"}),
        ("shift", ORDER[:3], {"lab.answers", "lab.shift"}),
    ],
)
def test_a_row_s_code_is_all_that_its_stages_import(kind, verbs, finders):
    names = set().union(*map(reached, verbs)) | finders
    expected = {ROOT / "stages" / "__init__.py"} | {FILES[name] for name in names}
    assert set(study_table.code(kind)) == expected


@pytest.mark.parametrize("module", sorted(VERBS))
def test_python_loads_what_the_import_statements_say(module):
    found = {name.removeprefix("stages.") for name in loaded(module) if name.startswith("stages.")}
    assert found == reached(module)


def test_rooms():
    for module in FILES:
        assert not imports(module) & VERBS, f"{module} imports a verb"
    assert not any("dvc" in loaded(verb) for verb in ("generate", "train", "evaluate", "predict", "score"))
    assert "torch" not in loaded("report") | loaded("generate") | loaded("subset") | loaded("sample")


def test_commands_name_their_files_and_run_their_module(stages):
    for one in stages:
        words = one.cmd.split()
        assert words[:4] == ["python", "-m", f"stages.{verb(one)}", "params.yaml"]
        data = {dep.def_path for dep in one.deps if not dep.def_path.startswith(("stages/", "params.", "studies."))}
        named = {word for word in words[4:] if "/" in word}
        assert data | {out.def_path for out in one.outs} == named, one.addressing


class Watched:
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
            return Watched(value, self._seen, path)
        self._seen.add(path)
        return value


@pytest.fixture(scope="module")
def keys_read(stages, tmp_path_factory):
    """Every stage run once in a small laboratory, by its own command: the keys of params.yaml that it read."""
    lab = tmp_path_factory.mktemp("lab")
    config = params.read(ROOT / "params.yaml")
    datasets = {name: {"rule": {"max": 20, "without": "7"}, "sample": 30} for name in config.datasets}
    runs = {name: {"dataset": run.dataset, "cell": run.cell} for name, run in config.runs.items()}
    shutil.copy(ROOT / "studies.yaml", lab)
    write_params(lab / "params.yaml", corpus={"operands": 9}, datasets=datasets, runs=runs)
    read, found = params.read, {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(lab)
        for one in sorted(stages, key=lambda one: ORDER.index(verb(one))):
            seen = found[one.addressing] = set()
            patch.setattr(params, "read", lambda path, seen=seen: Watched(read(path), seen))
            done = stage(verb(one), *one.cmd.split()[3:])
            assert done.returncode == 0, done.stderr
            assert all(Path(out.def_path).exists() for out in one.outs), one.addressing
    return found


def needed(key: str) -> set[str]:
    """What dvc.yaml must name for a key that was read; a run's number may come from the root or from its entry."""
    where, _, name = key.rpartition(".")
    own = where.startswith("runs.") and name in {field.name for field in dataclasses.fields(params.Hyperparameters)}
    return {key, name} if own else {key}


def test_params_hold_every_key_that_is_read_and_no_other(stages, keys_read):
    for one in stages:
        declared = {key for dep in one.deps if dep.def_path == "params.yaml" for key in dep.params}
        wanted = set().union(*map(needed, keys_read[one.addressing]))
        for key in wanted:
            assert any(f"{key}.".startswith(f"{known}.") for known in declared), f"{one.addressing} reads {key}"
        for known in declared:
            assert any(f"{key}.".startswith(f"{known}.") for key in wanted), f"{one.addressing} never reads {known}"


def test_a_picture_of_each_run_comes_from_evaluate(stages):
    """So that `dvc plots diff` shows a run that `dvc exp run … evaluate@RUN` has tried."""
    pictures = {one.addressing: [(out.def_path, out.plot) for out in one.outs if out.plot] for one in stages}
    for name, found in pictures.items():
        stage, _, run = name.partition("@")
        shown = [(f"reports/plots/{run}.csv", {"template": "run", "title": run})]
        assert found == (shown if stage == "evaluate" else []), name


def test_the_template_draws_columns_that_there_are(finished):
    template = json.loads((ROOT / ".dvc" / "plots" / "run.json").read_text())
    columns = set(pd.read_csv(finished / "plots" / "small-lstm.csv").columns)
    parsed, drawn = set(template["data"]["format"]["parse"]), set(fields(template))
    assert parsed | drawn == columns | {"rev"}
    assert columns - parsed == {"right", "predicted"}


def fields(part):
    """What an encoding anywhere in a Vega-Lite specification names."""
    if isinstance(part, list):
        return [name for one in part for name in fields(one)]
    if isinstance(part, dict):
        return [part["field"]] if "field" in part else [name for one in part.values() for name in fields(one)]
    return []


def test_the_committed_results_fit_the_committed_code_and_params(head):
    """DVC compares dvc.lock with code, params and the results in git; a clone has no data, which it allows."""
    look = [BIN / "dvc", "repro", "--dry", "--allow-missing"]
    done = subprocess.run(look, cwd=head, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Running stage" not in done.stdout, done.stdout
    assert "up to date" in done.stdout


SHOWN = "exact_match", "token_accuracy", "position_accuracy", "loss", "train_loss"


def test_the_readme_shows_the_committed_metrics(head):
    for run in params.read(head / "params.yaml").runs:
        found, timing = told(head, run)
        row = next(line for line in (head / "README.md").read_text().splitlines() if line.startswith(f"| {run} "))
        assert all(f" {found[name]:.4f} " in row for name in SHOWN)
        assert row.split("|")[-2].strip() == f"{timing['seconds_per_epoch']:.1f}"


def test_the_committed_page_shows_the_committed_metrics(head):
    page = (head / "reports" / "index.html").read_text()
    table = page[page.index('id="scores"') :]
    for run in params.read(head / "params.yaml").runs:
        found, timing = told(head, run)
        row = table[table.index(f">{run}</th>") :].partition("</tr>")[0]
        assert all(f">{found[name]:.4f}</td>" in row for name in SHOWN)
        assert f">{timing['seconds_per_epoch']:.1f}</td>" in row


def told(head, run):
    folders = (head / "reports" / name for name in ("metrics", "timing"))
    return [json.loads((folder / f"{run}.json").read_text()) for folder in folders]
