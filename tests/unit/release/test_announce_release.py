"""A release that was judged is told of once a run: that it waits, or what stopped it."""

from __future__ import annotations

from datetime import timedelta

from include.domain.alerts import AlertKind
from include.pipeline.release.announce_release import (
    announce_failure,
    announce_release,
    announce_unanswered,
)
from include.pipeline.release.approve_release import REJECTED_TAG, note_rejection
from tests.support.fakes.alerts import FakeAlertBook
from tests.unit.release.conftest import NOW, Surroundings

RUN = "drift-topics-2026-05-01"


def test_a_release_that_passed_waits_for_a_person(world: Surroundings) -> None:
    _, findings = world.walk("linear")
    book = FakeAlertBook()

    assert announce_release(findings, RUN, now=NOW, alerts=book)
    assert not announce_release(findings, RUN, now=NOW + timedelta(minutes=9), alerts=book)

    (alert,) = book.posted
    assert (alert.kind, alert.subject) == (AlertKind.RELEASE_WAITING, RUN)
    assert findings.model.label in alert.title
    assert findings.proposal.reason in alert.detail
    assert "a test" in alert.detail
    assert "Required Actions" in alert.next_step


def test_a_release_that_failed_says_by_how_much(world: Surroundings) -> None:
    world.figures = {"linear": {"accuracy": 0.5, "ece": 0.4}}
    _, findings = world.walk("linear")
    book = FakeAlertBook()

    assert announce_release(findings, RUN, now=NOW, alerts=book)

    (alert,) = book.posted
    assert alert.kind is AlertKind.RELEASE_STOPPED
    assert findings.failures
    assert all(sentence in alert.detail for sentence in findings.failures)


def test_a_release_that_fails_on_its_way_is_told_of_once_a_run() -> None:
    book = FakeAlertBook()
    reason = "prepare: s3://inbox/x.csv has the labels a, b; champion version 3 answers with a, c"

    assert announce_failure("topics", RUN, reason, now=NOW, alerts=book)
    assert not announce_failure("topics", RUN, "train: lost", now=NOW, alerts=book)

    (alert,) = book.posted
    assert (alert.kind, alert.subject) == (AlertKind.RELEASE_STOPPED, RUN)
    assert "topics" in alert.title
    assert alert.detail == reason


def test_silence_is_told_and_the_version_says_who_did_not_approve_it(world: Surroundings) -> None:
    evidence, findings = world.walk("linear")
    book = FakeAlertBook()

    model = note_rejection(evidence, world.aliases, by="nobody", reason="no reason", at=NOW)
    assert announce_unanswered(model, RUN, now=NOW, alerts=book)

    assert model == findings.model
    tags = world.aliases.version_tags["topics", model.version]
    assert tags[REJECTED_TAG] == f"{NOW.isoformat(timespec='seconds')} by nobody: no reason"
    (alert,) = book.posted
    assert (alert.kind, alert.subject) == (AlertKind.RELEASE_STOPPED, RUN)
    assert "nobody has answered" in alert.title
