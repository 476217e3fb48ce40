"""The DAGs around a champion: one click, and never behind a batch."""

from __future__ import annotations

import pytest


def test_a_rollback_is_planned_before_it_is_done(dag_bag):
    dag = dag_bag.dags["rollback_model"]
    edges = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert edges == {"plan_rollback": {"roll_back"}, "roll_back": set()}


def test_a_rollback_is_one_click(dag_bag):
    params = dag_bag.dags["rollback_model"].params
    params.validate()
    assert params["model_name"] is None


@pytest.mark.parametrize("dag_id", ["rollback_model", "watch_promotions"])
def test_going_back_waits_behind_no_batch(dag_bag, dag_id):
    for task in dag_bag.dags[dag_id].tasks:
        assert task.pool == "express"
        assert task.priority_weight > dag_bag.dags["express_inference"].tasks[0].priority_weight


@pytest.mark.parametrize(
    ("dag_id", "schedule"),
    [
        ("rollback_model", None),
        ("watch_promotions", "* * * * *"),
        ("retire_versions", "15 4 * * *"),
    ],
)
def test_schedules(dag_bag, dag_id, schedule):
    dag = dag_bag.dags[dag_id]
    assert dag.schedule == schedule
    assert dag.max_active_runs == 1
    assert not dag.catchup
