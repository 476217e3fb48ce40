"""The life of a model: release, promotion, drift."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from include.domain.drift.policy import DriftPolicy

ROOT = Path(__file__).resolve().parents[2]


class ModelSettings(BaseSettings):
    """Settings of the models.

    Attributes:
        candidates_file: TOML of what a release trains and compares; `gates_file` of what it asks.
        alarm_error_rate: share of an endpoint's invocations whose failure rings its alarm.
        alarm_latency_s: mean seconds of an endpoint's invocation that ring its alarm.
        promotion_watch_s: an alarm that rings so soon after a promotion has it rolled back.
        retirement_grace_s: endpoints of a version that nobody uses are kept for so long.
        drift_sample_documents: of a batch, about so many documents are watched for drift.
        drift_max_false_discovery: and its kin: what counts as drift, as in `DriftPolicy`.
        drift_look_back_s: batches that closed so long ago at the most are looked at.
    """

    model_name: str = "news-topic"
    candidates_file: Path = ROOT / "mlflow" / "candidates.toml"
    gates_file: Path = ROOT / "mlflow" / "gates.toml"
    alarm_error_rate: float = Field(default=0.05, gt=0, le=1)
    alarm_latency_s: float = Field(default=30.0, gt=0)
    promotion_watch_s: float = Field(default=1800.0, ge=0)
    retirement_grace_s: float = Field(default=7 * 86_400.0, ge=0)
    drift_sample_documents: int = Field(default=2_000, gt=0)
    drift_max_false_discovery: float = Field(default=0.01, gt=0, lt=1)
    drift_min_documents: int = Field(default=50, ge=20)
    drift_reference_days: int = Field(default=7, ge=1)
    drift_reference_documents: int = Field(default=500, ge=100)
    drift_window_days: int = Field(default=7, ge=2)
    drift_quality_days: int = Field(default=28, ge=1)
    drift_cool_down_days: int = Field(default=7, ge=1)
    drift_min_labels: int = Field(default=20, ge=1)
    drift_look_back_s: float = Field(default=7 * 86_400.0, gt=0)

    @property
    def drift_policy(self) -> DriftPolicy:
        """What counts as drift."""
        return DriftPolicy(
            max_false_discovery=self.drift_max_false_discovery,
            min_documents=self.drift_min_documents,
            reference_days=self.drift_reference_days,
            reference_documents=self.drift_reference_documents,
            window_days=self.drift_window_days,
            quality_days=self.drift_quality_days,
            cool_down_days=self.drift_cool_down_days,
            min_labels=self.drift_min_labels,
        )
