"""What a comparison leaves: a report for people, a verdict for promotions, tags in MLflow."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from include.domain.alerts import AlertKind
from include.domain.comparison.comparison import Comparison
from include.domain.errors import PromotionRefused, UnknownModelAlias
from include.pipeline.alerts.ports import Patience
from include.pipeline.promotion.promotion_ports import PublishedVersion
from include.pipeline.promotion.read_evidence import refuse_failed_gates
from tests.support.comparison_world import CHALLENGER, ComparisonWorld
from tests.support.fakes.alerts import FakeAlertOutbox
from tests.support.fakes.directories import CARD


def always(_: int) -> bool:
    return True


def mostly(number: int) -> bool:
    return number % 4 != 0


def finished(world: ComparisonWorld) -> Comparison:
    """A comparison that has ended by labels."""
    comparison = world.start()
    world.label(world.close_batch())
    world.watch(comparison)
    assert world.ended(comparison).ending is not None
    return comparison


def test_the_report_says_what_was_found_and_on_what() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = finished(world)

    (root,) = world.report()

    assert root == f"s3://twolane-models/news-topic/comparisons/{comparison.comparison_id}/"
    report = world.world.objects.read_text(root + "report.md")
    for line in (
        "# Shadow of news-topic: version 2 beside version 1",
        "**Worse**: version 2 is less accurate than version 1;",
        "| Documents | 200 of 1 batches and 1 accounts |",
        "| Accuracy of the champion on them | 100 % |",
        "| Accuracy of the challenger | 75 % |",
        "| Sports | 100 % | 75 % | -25.0 points |",
        "| Sports | World | 50 |",
        "| Batches | 1 | 0 |",
        "| Seconds a batch, from submission to both stores | 5.00 | – |",
        "| USD a million documents (emulated cost) | 0.00 | – |",
    ):
        assert line in report
    record = json.loads(world.world.objects.read_text(root + "comparison.json"))
    assert record["ending"]["finding"] == "worse"
    assert record["accuracy_difference"] == -0.25
    assert record["figures"]["pairs"] == [
        {"champion": "Sports", "challenger": "Sports", "documents": 150},
        {"champion": "Sports", "challenger": "World", "documents": 50},
    ]


def test_the_version_carries_the_finding_in_mlflow() -> None:
    world = ComparisonWorld(mostly, always)
    comparison = finished(world)

    (root,) = world.report()

    tags = world.tags.version_tags["news-topic", CHALLENGER.version]
    assert tags["twolane.comparison.finding"] == "better"
    assert tags["twolane.comparison.kind"] == comparison.plan.kind.value
    assert tags["twolane.comparison.evidence"] == root


@pytest.mark.parametrize(("is_better", "passes"), [(True, True), (False, False)])
def test_a_promotion_may_name_it_as_evidence(is_better: bool, passes: bool) -> None:
    world = ComparisonWorld(mostly, always) if is_better else ComparisonWorld(always, mostly)
    finished(world)
    (root,) = world.report()
    version = PublishedVersion(CHALLENGER, "s3://models/x", CARD, "")

    if passes:
        refuse_failed_gates(version, root, world.world.objects)
    else:
        with pytest.raises(PromotionRefused, match="shadow: version 2 is less accurate"):
            refuse_failed_gates(version, root, world.world.objects)


def test_a_report_is_written_once_and_completed_when_it_was_cut_short() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = finished(world)
    world.tags.tag_version = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        world.report()
    assert [each.comparison_id for each in world.book.unreported()] == [comparison.comparison_id]

    del world.tags.tag_version

    assert len(world.report()) == 1
    assert world.report() == []


def test_what_was_stopped_before_it_began_is_reported_too() -> None:
    world = ComparisonWorld(always, mostly)
    world.start()
    world.stop()

    (root,) = world.report()

    assert "stopped by jane" in world.world.objects.read_text(root + "report.md")


def test_a_challenger_deleted_meanwhile_holds_up_no_report() -> None:
    world = ComparisonWorld(always, mostly)
    finished(world)

    def gone(name: str, version: str, tags: object) -> None:
        raise UnknownModelAlias(f"{name} version {version}: not in the registry")

    world.tags.tag_version = gone  # type: ignore[method-assign,assignment]

    (root,) = world.report()

    assert world.world.objects.exists(root + "report.md")
    assert world.report() == [], "it counts as reported"


@pytest.mark.parametrize(
    ("is_better", "finding", "next_step"),
    [(True, "better", "the action promote"), (False, "worse", "The champion stays")],
)
def test_that_it_has_ended_is_an_alert(is_better: bool, finding: str, next_step: str) -> None:
    world = ComparisonWorld(mostly, always) if is_better else ComparisonWorld(always, mostly)
    comparison = finished(world)

    (root,) = world.report()

    (alert,) = world.alerts.posted
    assert (alert.kind, alert.subject) == (AlertKind.COMPARISON_ENDED, comparison.comparison_id)
    assert alert.title == f"The shadow of news-topic@2 has ended: {finding}"
    assert "labelled ones the difference of accuracy" in alert.detail
    assert next_step in alert.next_step
    assert f"{root}report.md" in alert.next_step


def test_an_ending_that_could_not_be_reported_for_days_is_told_of_nevertheless() -> None:
    world = ComparisonWorld(always, mostly)
    finished(world)
    world.now += timedelta(days=2)

    world.report()

    due = FakeAlertOutbox(world.alerts).due("slack", set(AlertKind), world.now, Patience())
    assert [each.alert.kind for each in due] == [AlertKind.COMPARISON_ENDED]
