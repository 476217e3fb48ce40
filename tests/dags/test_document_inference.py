"""The graph of `document_inference`."""

from __future__ import annotations

from include.domain.lanes import Lane

LANES = {lane.value for lane in Lane}

DOWNSTREAM = {
    "pull": {"validate"},
    "validate": {"route"},
    "route": LANES,
    **{lane: {"collect"} for lane in LANES},
    "collect": {"load_dynamodb", "load_aurora"},
    "load_dynamodb": {"close"},
    "load_aurora": {"close"},
    "close": set(),
}


def test_tasks_and_edges(document_inference):
    edges = {task.task_id: task.downstream_task_ids for task in document_inference.tasks}

    assert edges == DOWNSTREAM


def test_every_lane_of_the_domain_has_its_task(document_inference):
    from twolane_airflow.operators.lane import LaneOperator

    lanes = {t.lane: t.task_id for t in document_inference.tasks if isinstance(t, LaneOperator)}

    assert lanes == {lane: lane for lane in LANES}


def test_collect_runs_behind_whichever_lane_ran(document_inference):
    rules = {task.task_id: task.trigger_rule.value for task in document_inference.tasks}

    assert rules.pop("collect") == "none_failed_min_one_success"
    assert set(rules.values()) == {"all_success"}


def test_it_runs_only_when_it_is_asked_for(document_inference):
    assert document_inference.schedule is None
