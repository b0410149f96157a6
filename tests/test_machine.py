"""The processor's name, the precision of products, the number of cores, and how threads wait."""

import math
import os
import runpy
import subprocess
import sys
import typing
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import ROOT

from stages.common import params
from stages.network import machine

CPUINFO = """\
processor\t: 0
vendor_id\t: AuthenticAMD
model\t\t: 17
model name\t: AMD  EPYC 9B14
processor\t: 1
model name\t: AMD EPYC 9B14
"""
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\n"


@pytest.mark.parametrize(
    ("system", "reported", "name"),
    [
        ("linux", CPUINFO, "AMD EPYC 9B14"),
        ("linux", ARM, "aarch64"),
        ("linux", None, "aarch64"),  # no such file
        ("darwin", "Apple M2 Pro\n", "Apple M2 Pro"),
        ("darwin", None, "aarch64"),  # no such program
        (
            "win32",
            "Intel64 Family 6 Model 85 Stepping 7, GenuineIntel",
            "Intel64 Family 6 Model 85 Stepping 7, GenuineIntel",
        ),
        ("win32", "", "aarch64"),
    ],
)
def test_the_processor_s_name(system, reported, name, monkeypatch):
    def report(*_, **__):
        if reported is None:
            raise FileNotFoundError
        return reported

    monkeypatch.setattr(machine.sys, "platform", system)
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(machine.platform, "processor", report)
    monkeypatch.setattr(machine.Path, "read_text", report)
    monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=report()))
    assert machine.processor() == name


def test_a_training_s_description_names_the_processor():
    assert machine.description()["processor"] == machine.processor() != ""


def test_params_allow_exactly_these_precisions():
    assert set(typing.get_args(params.Run.__dataclass_fields__["precision"].type)) == set(machine.PRECISIONS)


@pytest.mark.parametrize(("name", "matmul", "tf32"), [("float32", "highest", False), ("bf16", "medium", True)])
def test_precision_holds_inside_only(name, matmul, tf32):
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    with suppress(ZeroDivisionError), machine.precision(name):
        assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == (matmul, tf32)
        raise ZeroDivisionError
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


def test_bf16_products_are_near_float32_s():
    a, b = torch.randn(64, 256), torch.randn(256, 64)
    with machine.precision("bf16"):
        found = a @ b
    assert (found - a @ b).abs().max() < 0.3  # their standard deviation is 16; bf16 has 8 bits


def test_a_cpu_s_forward_pass_is_never_cast():
    with machine.autocast("bf16", torch.device("cpu")):
        assert (torch.randn(2, 2) @ torch.randn(2, 2)).dtype == torch.float32
        assert not torch.is_autocast_enabled("cuda")


@pytest.mark.parametrize(("given", "kept"), [(None, "20000"), ("7", "7")])
def test_the_onednn_cache_is_larger_unless_the_environment_sets_it(given, kept, monkeypatch):
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", given or "")
    if given is None:
        monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    runpy.run_path(machine.__file__)
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == kept


V1 = "cgroup rw,cpu,cpuacct"
V2 = "cgroup2 rw"


@pytest.fixture
def proc(tmp_path):
    """Writes a folder like /proc/self, from a cgroup line, a mount and the files of groups."""

    def make(line: str, top: str, mounted: str, groups: dict[str, str]) -> Path:
        for name, text in groups.items():
            file = tmp_path / "mount" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        kind, options = mounted.split()
        (tmp_path / "cgroup").write_text(f"4:memory:/\n{line}\n")
        (tmp_path / "mountinfo").write_text(
            "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
            f"33 31 0:30 / {tmp_path}/memory rw,relatime - cgroup cgroup rw,memory\n"
            f"32 31 0:29 {top} {tmp_path}/mount rw,relatime shared:7 master:1 - {kind} {kind} {options}\n"
        )
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("line", "top", "mounted", "groups", "cores"),
    [
        ("0::/", "/", V2, {"cpu.max": "50000 100000"}, 0.5),  # in a container, which sees only its own group
        ("0::/", "/", V2, {"cpu.max": "max 100000"}, math.inf),
        ("0::/", "/", V2, {}, math.inf),
        ("0::/a.slice/b.scope", "/", V2, {"a.slice/b.scope/cpu.max": "150000 50000"}, 3.0),
        (
            "0::/a/b",
            "/",
            V2,
            {"a/cpu.max": "20000 100000", "a/b/cpu.max": "max 100000", "c/cpu.max": "1000 100000"},
            0.2,
        ),
        ("0::/a/b", "/", V2, {"a/cpu.max": "90000 100000", "a/b/cpu.max": "60000 100000"}, 0.6),
        ("0::/../other", "/", V2, {"cpu.max": "50000 100000"}, 0.5),
        ("3:cpu,cpuacct:/", "/", V1, {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"}, 0.5),
        ("3:cpu,cpuacct:/", "/", V1, {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, math.inf),
        (
            "3:cpuacct,cpu:/a/b",
            "/",
            V1,
            {
                "cpu.cfs_quota_us": "-1",
                "cpu.cfs_period_us": "100000",
                "a/cpu.cfs_quota_us": "250000",
                "a/cpu.cfs_period_us": "100000",
                "a/b/cpu.cfs_quota_us": "-1",
                "a/b/cpu.cfs_period_us": "100000",
            },
            2.5,
        ),
        # Without a cgroup namespace, a container sees its full path, but only its own group is mounted
        ("3:cpu,cpuacct:/docker/1f", "/docker/1f", V1, {"cpu.cfs_quota_us": "5", "cpu.cfs_period_us": "10"}, 0.5),
        ("3:cpu,cpuacct:/kube/1f", "/docker/2e", V1, {"cpu.cfs_quota_us": "5", "cpu.cfs_period_us": "10"}, 0.5),
    ],
)
def test_a_quota_is_read_from_cgroups(line, top, mounted, groups, cores, proc):
    assert machine.quota(proc(line, top, mounted, groups)) == pytest.approx(cores)


def test_no_cgroups_no_quota(tmp_path):
    assert machine.quota(tmp_path) == math.inf


@pytest.mark.parametrize(
    ("quota", "cores"), [(0.01, 1), (0.5, 1), (1.0, 1), (1.5, 2), (4.0, 4), (9.5, 8), (math.inf, 8)]
)
def test_cores_are_at_most_the_quota(quota, cores, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(machine, "quota", lambda: quota)
    assert machine.cores() == cores


@pytest.mark.skipif(sys.platform != "linux", reason="PyTorch brings libgomp on Linux only")
@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({}, {"GOMP_SPINCOUNT = '1000'"}),
        ({"GOMP_SPINCOUNT": "77"}, {"GOMP_SPINCOUNT = '77'"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY = 'ACTIVE'", "GOMP_SPINCOUNT = '30000000000'"}),
        ({"OMP_WAIT_POLICY": "passive"}, {"OMP_WAIT_POLICY = 'PASSIVE'", "GOMP_SPINCOUNT = '0'"}),
    ],
)
def test_waiting_threads_spin_briefly_unless_the_environment_sets_it(given, printed):
    """libgomp prints the settings that it has read."""
    unset = {key: value for key, value in os.environ.items() if not key.startswith(("GOMP_", "OMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", "import stages.network.machine"],
        cwd=ROOT,
        env=unset | {"OMP_DISPLAY_ENV": "VERBOSE"} | given,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert printed <= {line.strip() for line in done.stderr.splitlines()}, done.stderr
