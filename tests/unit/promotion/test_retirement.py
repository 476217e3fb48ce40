"""Only what nobody names, pins or has used of late is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from include.domain.errors import EndpointUnavailable
from include.domain.promotion.retirement import DeployedVersion, VersionKey
from include.pipeline.promotion.retire_versions import RetirementPorts, retire_versions
from tests.unit.promotion.conftest import NAME, World

DAY_S = 86_400.0
LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)


class FakeDeployed:
    """Versions by key; `stuck` cannot be deleted."""

    def __init__(self, *versions: str) -> None:
        self.made_at = {VersionKey(NAME, version): LONG_AGO for version in versions}
        self.stuck: set[VersionKey] = set()

    def find(self) -> Sequence[DeployedVersion]:
        return [DeployedVersion(key, at) for key, at in self.made_at.items()]

    def delete(self, key: VersionKey) -> None:
        if key in self.stuck:
            raise EndpointUnavailable(f"deleting {key.label}: stuck")
        del self.made_at[key]

    @property
    def versions(self) -> list[str]:
        return [key.version for key in self.made_at]


class FakeUsage:
    """What batches use."""

    def __init__(self) -> None:
        self.running: list[VersionKey] = []
        self.closed: dict[VersionKey, datetime] = {}

    def pinned(self) -> Sequence[VersionKey]:
        return self.running

    def last_used(self) -> Mapping[VersionKey, datetime]:
        return self.closed


@pytest.fixture
def deployed() -> FakeDeployed:
    return FakeDeployed("1", "2", "3")


@pytest.fixture
def usage() -> FakeUsage:
    return FakeUsage()


def retire(world: World, deployed: FakeDeployed, usage: FakeUsage) -> dict[str, str]:
    """Retire a month after the promotions; return why by version."""
    now = world.clock + timedelta(days=30)
    ports = RetirementPorts(deployed, usage, world.registry, world.book, lambda: now)
    return {each.key.version: each.reason for each in retire_versions(ports, grace_s=7 * DAY_S)}


def test_what_an_alias_names_stays(world: World, deployed: FakeDeployed, usage: FakeUsage) -> None:
    world.promote("2")
    reasons = retire(world, deployed, usage)
    assert deployed.versions == ["1", "2"]
    assert reasons["2"] == "named champion"
    assert reasons["1"] == "named previous"
    assert reasons["3"] == "unused since 2026-10-01T00:00:00+00:00"


def test_what_a_running_batch_pins_stays(
    world: World, deployed: FakeDeployed, usage: FakeUsage
) -> None:
    usage.running = [VersionKey(NAME, "3")]
    assert retire(world, deployed, usage)["3"] == "pinned by a batch or comparison under way"
    assert deployed.versions == ["1", "3"]


@pytest.mark.parametrize("what", ["batch", "promotion", "making"])
def test_what_was_in_use_within_the_grace_stays(
    world: World, deployed: FakeDeployed, usage: FakeUsage, what: str
) -> None:
    recently = world.clock + timedelta(days=25)
    if what == "batch":
        usage.closed[VersionKey(NAME, "3")] = recently
    elif what == "making":
        deployed.made_at[VersionKey(NAME, "3")] = recently
    else:
        world.clock = recently
        world.promote("3")
        world.promote("2")
        world.promote("1")
        world.clock -= timedelta(days=25)
    retire(world, deployed, usage)
    assert "3" in deployed.versions


def test_the_same_version_of_another_model_is_another(
    world: World, deployed: FakeDeployed, usage: FakeUsage
) -> None:
    usage.running = [VersionKey("other-model", "3")]
    retire(world, deployed, usage)
    assert "3" not in deployed.versions


def test_one_that_cannot_be_deleted_does_not_keep_the_others(
    world: World, deployed: FakeDeployed, usage: FakeUsage
) -> None:
    deployed.stuck = {VersionKey(NAME, "2")}
    with pytest.raises(EndpointUnavailable, match="news-topic@2: stuck"):
        retire(world, deployed, usage)
    assert deployed.versions == ["1", "2"]


def test_what_is_promoted_while_another_goes_stays(
    world: World, deployed: FakeDeployed, usage: FakeUsage
) -> None:
    delete = deployed.delete

    def slowly(key: VersionKey) -> None:
        world.promote("3")
        delete(key)

    deployed.delete = slowly  # type: ignore[method-assign]
    retire(world, deployed, usage)
    assert deployed.versions == ["1", "3"]
