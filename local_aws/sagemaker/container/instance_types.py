"""What an instance type promises: cores and memory, as published for each size.

Containers on this host get at most the host's cores; the table decides thread counts and what
100 % of memory means in the metrics.
"""

import dataclasses
import os
import re

_VCPUS_BY_SIZE = {
    "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32,
    "9xlarge": 36, "10xlarge": 40, "12xlarge": 48, "16xlarge": 64, "18xlarge": 72,
    "24xlarge": 96, "32xlarge": 128, "48xlarge": 192,
}  # fmt: skip
_GIB_BY_FAMILY_LETTER = {"c": 2.0, "m": 4.0, "r": 8.0, "t": 2.0, "g": 4.0, "p": 8.0, "i": 4.0}
_GPU_FAMILY = re.compile(r"^(g\d|p\d)")
#: By the family's letter, sizes with more than one GPU.
_GPUS_BY_SIZE = {
    "g": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "p": {"8xlarge": 4, "16xlarge": 8, "24xlarge": 8, "48xlarge": 8},
}
#: Lambda's published ratio, on which serverless inference is built: one vCPU per 1,769 MB.
_SERVERLESS_MB_PER_VCPU = 1769


@dataclasses.dataclass(frozen=True)
class InstanceShape:
    """Cores and memory of one instance, and how many GPUs AWS puts in it."""

    vcpus: int
    memory_bytes: int
    gpus: int

    @property
    def threads(self) -> int:
        """Threads a container may use here: the instance's cores, capped by the host's."""
        return max(1, min(self.vcpus, os.cpu_count() or 1))


def instance_shape(instance_type: str) -> InstanceShape:
    """The shape of a type such as ``ml.c5.xlarge``; unknown sizes count as ``large``."""
    _, _, rest = instance_type.partition(".")
    family, _, size = rest.partition(".")
    vcpus = _VCPUS_BY_SIZE.get(size, 2)
    gib = vcpus * _GIB_BY_FAMILY_LETTER.get(family[:1], 4.0)
    gpus = _GPUS_BY_SIZE[family[0]].get(size, 1) if _GPU_FAMILY.match(family) else 0
    return InstanceShape(vcpus, int(gib * 2**30), gpus)


def serverless_shape(memory_mb: int) -> InstanceShape:
    """The shape of a serverless container: cores grow with its memory."""
    return InstanceShape(max(1, memory_mb // _SERVERLESS_MB_PER_VCPU), memory_mb * 2**20, 0)
