"""The processor as the container was given it: cores, instructions, name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True)
class Cpu:
    """What decides how the model runs.

    Attributes:
        name: the processor's, empty where the machine does not say.
        cores: that may be busy at once: of the affinity mask, and no more than the cgroup's quota
            pays for.
        is_alone: whether cores of a larger machine were set aside for this container, so that
            pinning threads to them disturbs nobody. A container that sees the whole machine
            cannot know who else does.
        has_int8: multiplies int8 without 16-bit saturation (VNNI, AMX, or ARM's dot product).
        has_bf16: multiplies bf16.
    """

    name: str
    cores: int
    is_alone: bool
    has_int8: bool
    has_bf16: bool

    @classmethod
    def given(cls, root: Path = Path("/"), affinity: int | None = None) -> Cpu:
        """Read the machine.

        Args:
            root: where `/proc` and `/sys` are found.
            affinity: cores this process may run on, by default asked of the kernel.
        """
        allowed = affinity or len(os.sched_getaffinity(0))
        quota = _cgroup_quota(root)
        name, flags, online = _cpuinfo(root)
        return cls(
            name=name,
            # Of a broken quota the whole part: one thread more would be throttled with the rest.
            cores=allowed if quota is None else max(1, min(allowed, int(quota))),
            is_alone=allowed < online and quota is None,
            has_int8=bool(flags & _INT8_FLAGS),
            has_bf16=bool(flags & _BF16_FLAGS),
        )


def _cgroup_quota(root: Path) -> float | None:
    """Cores that the tightest cgroup above this process pays for; None without a limit."""
    quotas = [
        quota
        for controllers, path in _cgroups(root)
        for folder in _upwards(path)
        if (quota := _quota_v1(root, folder) if controllers else _quota_v2(root, folder))
    ]
    return min(quotas, default=None)


def _cgroups(root: Path) -> list[tuple[str, str]]:
    """(controllers, path) of this process's groups that ration the processor."""
    found = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            found.append((controllers, path))
    return found


def _upwards(path: str) -> list[str]:
    """A group and those above it.

    In a container the path may be the host's; then none of them but the root exists.
    """
    parts = [part for part in path.split("/") if part]
    return ["/".join(parts[:n]) for n in range(len(parts), -1, -1)]


def _quota_v2(root: Path, folder: str) -> float | None:
    words = _read(root / "sys/fs/cgroup" / folder / "cpu.max").split()
    if len(words) != 2 or words[0] == "max":
        return None
    return int(words[0]) / int(words[1])


def _quota_v1(root: Path, folder: str) -> float | None:
    base = root / "sys/fs/cgroup/cpu" / folder
    quota, period = _read(base / "cpu.cfs_quota_us"), _read(base / "cpu.cfs_period_us")
    if not quota.strip() or not period.strip() or int(quota) <= 0:
        return None
    return int(quota) / int(period)


def _cpuinfo(root: Path) -> tuple[str, frozenset[str], int]:
    """Name, instruction flags and number of the machine's processors."""
    name, flags, online = "", frozenset[str](), 0
    for line in _read(root / "proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        match key.strip():
            case "processor":
                online += 1
            case "model name":
                name = value.strip()
            case "flags" | "Features":
                flags = frozenset(value.split())
    return name, flags, online


def _read(path: Path) -> str:
    """A file of the kernel's; one that is not there says nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
