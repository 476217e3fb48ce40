"""How many GPUs an instance type has.

Source: AWS, "Amazon EC2 accelerated computing instances", read in November 2026; a SageMaker
`ml.*` type has those of the EC2 type behind it.
"""

from __future__ import annotations

import re

_FAMILY = re.compile(r"ml\.([gp]\d[\w-]*)\.(\w+)")
_SMALL = dict.fromkeys(("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), 1)
_GPUS: dict[str, dict[str, int]] = {
    "g4dn": {**_SMALL, "12xlarge": 4},
    "g5": {**_SMALL, "12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6": {**_SMALL, "12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6e": {**_SMALL, "12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "p2": {"xlarge": 1, "8xlarge": 8, "16xlarge": 16},
    "p3": {"2xlarge": 1, "8xlarge": 4, "16xlarge": 8},
    "p3dn": {"24xlarge": 8},
    "p4d": {"24xlarge": 8},
    "p4de": {"24xlarge": 8},
    "p5": {"4xlarge": 1, "48xlarge": 8},
    "p5e": {"48xlarge": 8},
    "p5en": {"48xlarge": 8},
    "p6-b200": {"48xlarge": 8},
}


def has_gpus(instance_type: str) -> bool:
    """Whether a type is of a family with GPUs, known here or not."""
    return _FAMILY.fullmatch(instance_type) is not None


def gpu_count(instance_type: str) -> int | None:
    """Return the GPUs of one instance; 0 of a type without; None of one that is not known here."""
    match = _FAMILY.fullmatch(instance_type)
    return 0 if match is None else _GPUS.get(match[1], {}).get(match[2])


def per_gpu(utilisation_percent: float, instance_type: str) -> float | None:
    """Return the mean share of one GPU's time, 0 to 1.

    `GPUUtilization` is the sum over an instance's GPUs, 0 to 100 for each. None where nobody
    knows how many there are: 100 of 400 is another thing than 100 of 100.

    Args:
        utilisation_percent: the metric, of one instance or the mean over several.
    """
    gpus = gpu_count(instance_type)
    return min(1.0, max(0.0, utilisation_percent / 100 / gpus)) if gpus else None
