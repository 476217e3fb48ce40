"""The graph of `nightly_enterprise`: the same steps, mapped over the batches that wait."""

from __future__ import annotations

GROUP = "run_batch."

DOWNSTREAM = {
    "pull": {"validate", "run_lane", "collect", "close"},
    "validate": {"route"},
    "route": {"run_lane"},
    "run_lane": {"collect"},
    "collect": {"load_dynamodb", "load_aurora"},
    "load_dynamodb": {"close"},
    "load_aurora": {"close"},
    "close": {"archive"},
    "archive": set(),
}


def test_tasks_and_edges(nightly_enterprise):
    edges = {task.task_id: task.downstream_task_ids for task in nightly_enterprise.tasks}

    assert edges.pop("find_waiting") == {GROUP + "pull", GROUP + "archive"}
    assert edges == {
        GROUP + task_id: {GROUP + name for name in names} for task_id, names in DOWNSTREAM.items()
    }


def test_every_waiting_batch_gets_a_group_of_its_own(nightly_enterprise):
    from airflow.sdk.definitions.taskgroup import MappedTaskGroup

    assert isinstance(nightly_enterprise.task_group.children["run_batch"], MappedTaskGroup)


def test_the_lane_is_the_one_the_batch_was_placed_on(nightly_enterprise):
    assert nightly_enterprise.get_task(GROUP + "run_lane").lane is None


def test_every_night_once_and_missed_nights_are_not_made_up_for(nightly_enterprise):
    assert nightly_enterprise.schedule == "0 2 * * *"
    assert nightly_enterprise.catchup is False
    assert nightly_enterprise.max_active_runs == 1
    assert nightly_enterprise.start_date is None, "with one, a first start would run it by day"
