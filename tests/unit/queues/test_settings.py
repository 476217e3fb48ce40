"""Caps and rooms of queues, as settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from include.config import Settings
from include.domain.accounts import Tier
from include.domain.queues.lane_class import LaneClass


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOLANE_DATABASE_URL", "postgresql://nowhere/twolane")


def test_each_queue_has_a_name_and_its_own_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    caps = '{"demo": 2, "trial": 3, "standard": 4, "enterprise": 5}'
    monkeypatch.setenv("TWOLANE_BULK_CAPS", caps)
    monkeypatch.setenv("TWOLANE_BULK_QUEUE", "acme-bulk")
    settings = Settings()

    bulk = settings.queue_patience(LaneClass.BULK)
    express = settings.queue_patience(LaneClass.EXPRESS)

    assert settings.queue_name(LaneClass.BULK) == "acme-bulk"
    assert bulk.caps[Tier.ENTERPRISE] == 5
    assert express.caps != bulk.caps
    assert express.max_put_back_s < bulk.max_put_back_s


@pytest.mark.parametrize(
    "caps", ['{"demo": 2}', '{"demo": 0, "trial": 3, "standard": 4, "enterprise": 5}', "[]"]
)
def test_a_cap_is_needed_for_every_tier(monkeypatch: pytest.MonkeyPatch, caps: str) -> None:
    monkeypatch.setenv("TWOLANE_EXPRESS_CAPS", caps)

    with pytest.raises(ValidationError, match="express_caps"):
        Settings()
