"""The keys of params.yaml that dvc.yaml lists for each stage: those that the stage reads, and no others."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, stage, write_params

from stages.common import params
from tests.dvc_stages import ORDER, dvc_stages, verb


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


@pytest.fixture(scope="module")
def keys_read(tmp_path_factory):
    """Every stage run once in a small laboratory, by its own command: the keys of params.yaml that it read."""
    lab = tmp_path_factory.mktemp("lab")
    config = params.read(ROOT / "params.yaml")
    datasets = {name: {"rule": {"max": 20, "without": "7"}, "sample": 30, "split": "rows"} for name in config.datasets}
    runs = {name: {"dataset": run.dataset, "cell": run.cell} for name, run in config.runs.items()}
    shutil.copy(ROOT / "studies.yaml", lab)
    write_params(lab / "params.yaml", corpus={"operands": 9}, datasets=datasets, runs=runs)
    read, found = params.read, {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(lab)
        for one in sorted(dvc_stages(), key=lambda one: ORDER.index(verb(one))):
            seen = found[one.addressing] = set()
            patch.setattr(params, "read", lambda path, seen=seen: Recorder(read(path), seen))
            done = stage(verb(one), *one.cmd.split()[3:])
            assert done.returncode == 0, done.stderr
            assert all(Path(out.def_path).exists() for out in one.outs), one.addressing
    return found


def listed_keys(key: str) -> set[str]:
    """What dvc.yaml must name for a key that was read; a run's number may come from the root or from its entry."""
    where, _, name = key.rpartition(".")
    own = where.startswith("runs.") and name in {field.name for field in dataclasses.fields(params.Hyperparameters)}
    return {key, name} if own else {key}


def test_params_hold_every_key_that_is_read_and_no_other(keys_read):
    for one in dvc_stages():
        declared = {key for dep in one.deps if dep.def_path == "params.yaml" for key in dep.params}
        wanted = set().union(*map(listed_keys, keys_read[one.addressing]))
        for key in wanted:
            assert any(f"{key}.".startswith(f"{known}.") for known in declared), f"{one.addressing} reads {key}"
        for known in declared:
            assert any(f"{key}.".startswith(f"{known}.") for key in wanted), f"{one.addressing} never reads {known}"
