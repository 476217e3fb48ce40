"""Which of an artifact's graphs a processor runs, and in which arithmetic."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Protocol

from .artifact import Artifact
from .cpu import Cpu

INT8_GRAPH = "model.xml"
FP32_GRAPH = "model-fp32.xml"

MIN_AGREEMENT = 0.98
"""int8 is served where it labels at least this share of the held-out documents as fp32 does. It
usually labels 99 % so (decision record 19); among some hundred documents one or two that differ
are no evidence of anything."""


class Precision(StrEnum):
    """The arithmetic of the matrix products."""

    INT8 = "int8"
    BF16 = "bf16"
    FP32 = "fp32"

    @property
    def graph(self) -> str:
        """The artifact's file that is run in it."""
        return INT8_GRAPH if self is Precision.INT8 else FP32_GRAPH


class PrecisionWish(Protocol):
    """The setting that names a precision, or None to have it chosen."""

    @property
    def precision(self) -> Precision | None:
        """The wish."""
        ...


def served_precision(artifact: Artifact, folder: Path, settings: PrecisionWish) -> Precision:
    """The precision that the artifact in `folder` is served in here; see `choose_precision`."""
    if settings.precision is not None:
        return settings.precision
    has_fp32 = (folder / FP32_GRAPH).exists()
    return choose_precision(Cpu.given(), artifact.agreement, has_fp32)


def choose_precision(cpu: Cpu, agreement: float | None, has_fp32: bool) -> Precision:
    """The fastest arithmetic that gives the labels the model was released with.

    Without VNNI or its like, products of int8 are summed in 16 bits and saturate, so labels would
    depend on the machine: such a processor runs the fp32 graph. So does every processor where the
    int8 graph disagrees with it too often. It is run in bf16 where the processor has that, which
    changes next to no label at about twice the speed (decision record 19).

    Args:
        cpu: the processor.
        agreement: share of the held-out documents, 0 to 1, that int8 labels as fp32 does; None
            where training did not say.
        has_fp32: whether the artifact has the fp32 graph; versions released before it was kept
            have none, and are served in int8 everywhere.
    """
    int8_agrees = agreement is None or agreement >= MIN_AGREEMENT
    if not has_fp32 or (cpu.has_int8 and int8_agrees):
        return Precision.INT8
    return Precision.BF16 if cpu.has_bf16 else Precision.FP32
