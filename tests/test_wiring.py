"""Which module imports which, and that dvc.yaml names the modules and the files of each stage."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from stages.common import watch
from stages.studies import design, table
from tests.dvc_stages import ORDER, dvc_stages, verb

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


def all_imports(module: str) -> set[str]:
    """The module and all modules of `stages` that it imports, directly or not."""
    found, left = set(), {module}
    while left:
        found.add(name := left.pop())
        left |= (imports(name) | {name.rpartition(".")[0]} & set(FILES)) - found
    return found


@functools.cache
def loaded_modules(module: str) -> set[str]:
    """The modules that Python has loaded after importing a stage."""
    code = f"import sys, stages.{module}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split())


def test_deps_hold_every_module():
    assert {verb(one) for one in dvc_stages()} == set(ORDER)
    for one in dvc_stages():
        code = {dep.def_path for dep in one.deps if dep.def_path.startswith("stages/")}
        wanted = {ROOT / "stages" / "__init__.py"} | {FILES[name] for name in all_imports(verb(one))}
        if verb(one) == "report":
            wanted |= {path for kind in design.KINDS for path in table.code(kind)}
        assert code == set(map(dependency, wanted)), one.addressing


def dependency(path: Path) -> str:
    """The dependency that covers a file: a module of `stages`, or the folder of a room."""
    return "/".join(path.relative_to(ROOT).parts[:2])


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_code_of_a_verb_is_all_that_it_imports(verb):
    assert watch.code(verb) == {ROOT / "stages" / "__init__.py", *(FILES[name] for name in all_imports(verb))}


@pytest.mark.parametrize(
    ("kind", "verbs", "finders"),
    [
        ("trainings", ORDER[:-1], {"lab.dvc", "lab.queue", "lab.trained"}),
        ("answers", ORDER[:-1], {"lab.answers", "lab.dvc", "lab.networks"}),
        ("shift", ORDER[:3], {"lab.answers", "lab.shift"}),
    ],
)
def test_a_row_s_code_is_all_that_its_stages_import(kind, verbs, finders):
    names = set().union(*map(all_imports, verbs)) | finders
    expected = {ROOT / "stages" / "__init__.py"} | {FILES[name] for name in names}
    assert set(table.code(kind)) == expected


@pytest.mark.parametrize("module", sorted(VERBS))
def test_python_loads_what_the_import_statements_say(module):
    found = {name.removeprefix("stages.") for name in loaded_modules(module) if name.startswith("stages.")}
    assert found == all_imports(module)


def test_rooms():
    for module in FILES:
        assert not imports(module) & VERBS, f"{module} imports a verb"
    assert not any("dvc" in loaded_modules(verb) for verb in ("generate", "train", "evaluate", "predict", "score"))
    assert not any("torch" in loaded_modules(verb) for verb in ("generate", "subset", "sample", "report"))


def test_commands_name_their_files_and_run_their_module():
    for one in dvc_stages():
        words = one.cmd.split()
        assert words[:4] == ["python", "-m", f"stages.{verb(one)}", "params.yaml"]
        data = {dep.def_path for dep in one.deps if not dep.def_path.startswith(("stages/", "params.", "studies."))}
        named = {word for word in words[4:] if "/" in word}
        assert data | {out.def_path for out in one.outs} == named, one.addressing
