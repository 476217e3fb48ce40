"""A deadline put at risk by a slow lane is foreseen, acted on, and met; left alone it is missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.deadline.batch_at_risk import BatchAtRisk
from include.domain.sla.events import Action, SlaKind
from include.domain.sla.stages import Stage
from tests.support.faults import injected
from tests.support.local_aws import LocalAws
from tests.support.postgres import PostgresServer


def test_a_slow_lane_is_foreseen_and_the_deadline_is_met(
    cloud: LocalAws, postgres_server: PostgresServer, product_template: str, tmp_path: Path
) -> None:
    helped, left_alone = (
        BatchAtRisk(cloud, postgres_server.new_database(product_template), tmp_path / name, actions)
        for name, actions in (("helped", frozenset(Action)), ("alone", frozenset[Action]()))
    )

    with (
        injected(cloud.sagemaker_url, helped.fault(), left_alone.fault()) as faults,
        ThreadPoolExecutor(2) as pool,
    ):
        acted, missed = (
            pool.submit(helped.play),
            pool.submit(left_alone.play, until_miss=True),
        )
        rescued, late = acted.result(), missed.result()
        assert faults.hits("slow_answer")

    risk = rescued.events[0]
    assert (risk.kind, risk.stage, risk.action) == (
        SlaKind.RISK,
        Stage.LANE,
        Action.ADD_INSTANCES,
    )
    assert risk.at < helped.manifest.deadline_at, "foreseen"
    assert rescued.met, rescued.timeline
    assert rescued.jobs > 1
    assert {event.kind for event in rescued.events} == {SlaKind.RISK}
    assert [each["id"] for each in helped.batch.answered()] == helped.batch.expected_ids()

    assert [event.kind for event in late.events] == [SlaKind.RISK, SlaKind.MISS], late.timeline
    assert late.events[0].action is None
    assert late.events[1].stage is Stage.LANE
