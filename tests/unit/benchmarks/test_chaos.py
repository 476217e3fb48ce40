"""The harness that looks for lost and doubled documents finds them."""

from collections import Counter

import pytest

from benchmarks.chaos.cases import LANES, Cell, Moment, Victim, cells
from benchmarks.chaos.merge import merged
from benchmarks.chaos.report import Case, markdown
from benchmarks.chaos.submissions import Batch
from benchmarks.chaos.verification import judge

LANE = next(lane for lane in LANES if lane.name == "processing")
ITEMS = [("a", "World", 0.5), ("b", "Sports", 0.25)]
QUARANTINE = [("c", "empty_text"), ("a", "duplicate_id"), (None, "not_json")]


def _judge(items=ITEMS, rows=ITEMS, quarantine=QUARANTINE, charges=("job",), states=("succeeded",)):
    batch = Batch(LANE, "key", "s3://in/x", frozenset("abc"), rows=5)
    return judge(
        batch, list(items), list(rows), list(quarantine), Counter(charges), [(s,) for s in states]
    )


def test_a_sound_batch_has_no_complaint():
    verdict = _judge()
    assert (verdict.complaint, verdict.lost, verdict.doubled) == ("", 0, 0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"items": ITEMS[:1]}, "1 lost, 1 in one store alone"),
        ({"rows": ITEMS[:1]}, "1 lost, 1 in one store alone"),
        ({"quarantine": QUARANTINE[:2]}, "1 lost"),
        ({"items": [*ITEMS, ITEMS[0]]}, "1 doubled"),
        ({"quarantine": [*QUARANTINE[1:], ("b", "empty_text")]}, "1 doubled"),
        ({"rows": [ITEMS[0], ("b", "World", 0.25)]}, "1 with different answers"),
        ({"rows": [ITEMS[0], ("b", "Sports", 0.75)]}, "1 with different answers"),
        ({"charges": ("job", "job")}, "2 charges for job"),
        ({"charges": ()}, "no charge"),
        ({"states": ("running",)}, "states of the batch: ['running']"),
    ],
)
def test_what_is_not_as_it_must_be_is_told(change, complaint):
    assert _judge(**change).complaint == complaint


def test_a_stranger_is_told():
    stranger = ("x", "World", 0.5)
    assert (
        "1 that nobody submitted"
        in _judge(items=[*ITEMS, stranger], rows=[*ITEMS, stranger]).complaint
    )


def test_every_boundary_of_a_lane_is_a_case():
    found = {cell.moment.task for cell in cells(Victim.WORKER, LANE)}
    assert found == {
        *("pull", "validate", "route", "processing", "collect"),
        *("load_dynamodb", "load_aurora", "close"),
    }
    assert {cell.moment.task for cell in cells(Victim.JOB, LANE)} == {"processing"}
    assert Cell(Victim.JOB, "processing", Moment("processing", 0.7)) in cells(Victim.JOB, LANE)


def test_the_table_tells_what_was_missed_apart():
    sums = dict.fromkeys(
        ("batches", "documents", "lost", "doubled", "with_different_answers", "charges_doubled"), 0
    )
    cases = [
        Case("worker", "processing", "processing+1.5s", "sound", 4.04),
        Case("worker", "spot", "spot+1.5s", "missed"),
        Case("worker", "spot", "pull", "unsound", 1.0, "b-1", "3 lost"),
    ]
    table = markdown(cases, sums)
    assert "| worker | the lane+1.5s | 4.0 | **missed** |" in table
    assert "- **unsound**: worker killed, spot at pull: 3 lost" in table


def test_of_parts_run_apart_what_was_met_counts_and_what_went_wrong_most():
    def case(outcome, moment="pull"):
        return Case("worker", "spot", moment, outcome)

    parts = [case("missed"), case("sound"), case("missed", "close"), case("unsound"), case("sound")]
    assert merged(parts) == [case("unsound"), case("missed", "close")]
