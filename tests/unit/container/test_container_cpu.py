"""Threads come from what the container was given, not from the machine's cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.models.serving.cpu import Cpu


def machine(root: Path, files: dict[str, str], flags: str = "fpu", processors: int = 8) -> Path:
    block = "processor : {}\nmodel name : Some CPU\nflags : {}\n\n"
    cpuinfo = "".join(block.format(n, flags) for n in range(processors))
    for name, text in ({"proc/cpuinfo": cpuinfo} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = "sys/fs/cgroup"
V1 = "sys/fs/cgroup/cpu"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "max 100000\n"}, 8),
        ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "300000 100000\n"}, 3),
        ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "250000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "50000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", f"{V2}/cpu.max": "6400000 100000\n"}, 8),
        (
            {
                "proc/self/cgroup": "0::/pod/task\n",
                f"{V2}/pod/cpu.max": "200000 100000\n",
                f"{V2}/pod/task/cpu.max": "max 100000\n",
            },
            2,
        ),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/docker/x\n1:memory:/\n",
                f"{V1}/docker/x/cpu.cfs_quota_us": "400000\n",
                f"{V1}/docker/x/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            {
                "proc/self/cgroup": "3:cpu:/not/mounted/here\n",
                f"{V1}/cpu.cfs_quota_us": "-1\n",
                f"{V1}/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
    ],
)
def test_a_quota_bounds_the_cores(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    assert Cpu.given(machine(tmp_path, files), affinity=8).cores == cores


def test_an_affinity_bounds_the_cores_and_sets_them_aside(tmp_path: Path) -> None:
    root = machine(tmp_path, {})
    assert (Cpu.given(root, 3).cores, Cpu.given(root, 3).is_alone) == (3, True)
    assert not Cpu.given(root, 8).is_alone, "who sees every core cannot know that he is alone"


@pytest.mark.parametrize(
    ("flags", "int8", "bf16"),
    [
        ("fpu avx2", False, False),
        ("avx512f avx512_vnni avx512_bf16", True, True),
        ("avx2 avx_vnni", True, False),
        ("amx_int8 amx_bf16", True, True),
    ],
)
def test_instructions_are_read(tmp_path: Path, flags: str, int8: bool, bf16: bool) -> None:
    cpu = Cpu.given(machine(tmp_path, {}, flags), 1)
    assert (cpu.name, cpu.has_int8, cpu.has_bf16) == ("Some CPU", int8, bf16)


def test_this_machine_is_read() -> None:
    assert Cpu.given().cores >= 1
