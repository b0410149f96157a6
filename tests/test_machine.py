"""What differs between machines: processors, precision, threads, and what Windows lacks."""

import os
import runpy
import subprocess
import sys
from types import SimpleNamespace

import joblib
import pandas as pd
import pytest
import torch
from conftest import ROOT

import stages
from stages.common import tables
from stages.network import machine

CPUINFO = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD  EPYC 9B14\nprocessor\t: 1\nmodel name\t: AMD EPYC 9B14\n"


@pytest.mark.parametrize(
    ("system", "reported", "name"),
    [
        ("linux", CPUINFO, "AMD EPYC 9B14"),
        ("linux", "processor\t: 0\nCPU implementer\t: 0x41\n", "aarch64"),
        ("darwin", "Apple M2 Pro\n", "Apple M2 Pro"),
        ("win32", "Intel64 Family 6 Model 85", "Intel64 Family 6 Model 85"),
    ],
)
def test_the_processor_s_name(system, reported, name, monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", system)
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(machine.platform, "processor", lambda: reported)
    monkeypatch.setattr(machine.Path, "read_text", lambda *_, **__: reported)
    monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=reported))
    assert machine.processor() == name


@pytest.mark.parametrize(("name", "matmul", "tf32"), [("float32", "highest", False), ("bf16", "medium", True)])
def test_precision_is_of_products(name, matmul, tf32, monkeypatch):
    before = torch.get_float32_matmul_precision()
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", not tf32)  # monkeypatch also sets it back
    try:
        machine.set_precision(name)
        assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == (matmul, tf32)
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize(("given", "threads"), [({}, [3, 1]), ({"OMP_NUM_THREADS": "1"}, [])])
def test_threads_are_the_cores_unless_the_environment_sets_them(given, threads, monkeypatch):
    calls = []
    monkeypatch.setattr(os, "environ", given)
    monkeypatch.setattr(machine.joblib, "cpu_count", lambda: 3)
    monkeypatch.setattr(torch, "set_num_threads", calls.append)
    assert machine.device() == torch.device("cpu")
    assert machine.device(threads=1) == torch.device("cpu")
    assert calls == threads


@pytest.mark.skipif(len(stages.AFFINITY) < 2, reason="needs Linux and two cores")
@pytest.mark.parametrize("setting", ["OMP_PROC_BIND=true", "OMP_PLACES=cores", "GOMP_CPU_AFFINITY=0-1"])
def test_openmp_s_bindings_hide_no_core(setting):
    """OpenMP binds the thread that imports PyTorch to one core."""
    name, _, value = setting.partition("=")
    env = {key: text for key, text in os.environ.items() if key != "OMP_NUM_THREADS"} | {name: value}
    show = "import stages, torch, os; print(len(os.sched_getaffinity(0)))\nfrom stages.network import machine\n"
    show += "machine.device(); print(torch.get_num_threads(), *os.sched_getaffinity(0))"
    done = subprocess.run([sys.executable, "-c", show], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", str(joblib.cpu_count()), *map(str, os.sched_getaffinity(0))]


@pytest.mark.parametrize(
    ("module", "name", "given", "kept"),
    [
        (machine, "ONEDNN_PRIMITIVE_CACHE_CAPACITY", {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7"}, "7"),
        (stages, "GOMP_SPINCOUNT", {}, "10000"),
        (stages, "GOMP_SPINCOUNT", {"GOMP_SPINCOUNT": "77"}, "77"),
        (stages, "GOMP_SPINCOUNT", {"OMP_WAIT_POLICY": "active"}, None),
    ],
)
def test_the_environment_wins_over_our_defaults(module, name, given, kept, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(given))
    runpy.run_path(module.__file__)
    assert os.environ.get(name) == kept


def test_a_table_s_lines_end_alike_on_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "linesep", "\r\n")
    text = pd.DataFrame({"src": ["1+1="], "tgt": [2]}).to_csv(index=False)
    tables.write_text(tmp_path / "table.csv", text)
    assert text == "src,tgt\r\n1+1=,2\r\n"
    assert (tmp_path / "table.csv").read_bytes() == b"src,tgt\n1+1=,2\n"
