"""Reads the release policy: `mlflow/candidates.toml` and `mlflow/gates.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from include.domain.errors import ReleaseFailed
from include.domain.lanes import Lane
from include.domain.release.candidates import (
    CandidateSpec,
    CandidatesPlan,
    EvaluationRules,
    HardwareClass,
)
from include.domain.release.judgement import GateLimits

T = TypeVar("T", bound=BaseModel)

_Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=9)]
"""Part of the name of a SageMaker job, which has 63 characters at the most."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Quality(_Table):
    accuracy_margin: float = Field(ge=0, lt=1)
    macro_f1_margin: float = Field(ge=0, lt=1)


class _Slices(_Table):
    min_documents: int = Field(ge=1)
    level: float = Field(gt=0, lt=1)
    tolerance: float = Field(ge=0, lt=1)


class _Calibration(_Table):
    max_ece: float = Field(gt=0, le=1)


class _Latency(_Table):
    max_p99_ms: float = Field(gt=0)


class _Cost(_Table):
    max_usd_per_million: float = Field(gt=0)


class _Agreement(_Table):
    min_agreement: float = Field(ge=0, le=1)


class _Labels(_Table):
    may_change: bool


class _GatesFile(_Table):
    labels: _Labels
    quality: _Quality
    slices: _Slices
    calibration: _Calibration
    latency: _Latency
    cost: _Cost
    agreement: _Agreement


class _Proposal(_Table):
    margin: float = Field(ge=0, lt=1)


class _Split(_Table):
    test_percent: int = Field(ge=1, le=50)
    validation_percent: int = Field(ge=1, le=40)


class _Evaluation(_Table):
    confidence: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=200, le=100_000)
    rounds: int = Field(ge=1, le=100)
    round_s: float = Field(gt=0, le=60)


class _Hardware(_Table):
    lane: Lane

    @field_validator("lane")
    @classmethod
    def _of_a_processing_job(cls, value: Lane) -> Lane:
        if value is Lane.SERVERLESS:
            raise ValueError("no job runs on a serverless endpoint's hardware")
        return value


class _Candidate(_Table):
    method: str = ""
    instance_type: str = ""
    parameters: dict[str, str] = {}
    search: dict[str, tuple[str, ...]] = {}
    min_documents: int = Field(default=0, ge=0)
    part_of: str | None = None

    @model_validator(mode="after")
    def _trained_or_part(self) -> _Candidate:
        own = bool(self.method and self.instance_type)
        if own == bool(self.part_of):
            raise ValueError("either method and instance_type, or part_of alone")
        return self


class _CandidatesFile(_Table):
    proposal: _Proposal
    split: _Split
    evaluation: _Evaluation
    hardware: dict[_Key, _Hardware] = Field(min_length=1)
    candidates: dict[_Key, _Candidate] = Field(min_length=1)

    @model_validator(mode="after")
    def _parts_of_what_is_trained(self) -> _CandidatesFile:
        for key, entry in self.candidates.items():
            if entry.part_of and not getattr(self.candidates.get(entry.part_of), "method", ""):
                raise ValueError(f"{key} is part of {entry.part_of}, which is not trained")
        return self


def load_gates(path: Path) -> GateLimits:
    """Read the gates file.

    Raises:
        ReleaseFailed: an unknown or missing key, or a value out of its range.
    """
    file = _read(path, _GatesFile)
    return GateLimits(
        accuracy_margin=file.quality.accuracy_margin,
        macro_f1_margin=file.quality.macro_f1_margin,
        max_ece=file.calibration.max_ece,
        max_p99_ms=file.latency.max_p99_ms,
        max_usd_per_million=file.cost.max_usd_per_million,
        slice_min_documents=file.slices.min_documents,
        slice_level=file.slices.level,
        slice_tolerance=file.slices.tolerance,
        min_agreement=file.agreement.min_agreement,
        labels_may_change=file.labels.may_change,
    )


def load_candidates(path: Path) -> CandidatesPlan:
    """Read the candidates file.

    Raises:
        ReleaseFailed: an unknown or missing key, or a value out of its range.
    """
    file = _read(path, _CandidatesFile)
    return CandidatesPlan(
        margin=file.proposal.margin,
        test_percent=file.split.test_percent,
        validation_percent=file.split.validation_percent,
        evaluation=EvaluationRules(**file.evaluation.model_dump()),
        hardware=tuple(HardwareClass(name, each.lane) for name, each in file.hardware.items()),
        candidates=tuple(
            CandidateSpec(key=key, **entry.model_dump()) for key, entry in file.candidates.items()
        ),
    )


def _read(path: Path, kind: type[T]) -> T:
    try:
        with path.open("rb") as file:
            return kind.model_validate(tomllib.load(file))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as exc:
        raise ReleaseFailed(f"{path}: {exc}") from exc
