"""The DAGs around a champion: one click, and never behind a batch."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from include.domain.errors import PromotionRefused
from include.domain.promotion.promotion import Promotion


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


class Life:
    """Two models, one of which cannot be settled."""

    def __init__(self) -> None:
        self.aliases = self
        self.told: list[tuple[str, str]] = []

    def model_names(self) -> list[str]:
        return ["bad", "good"]

    def watch_champion(self, name: str) -> list[Promotion]:
        if name == "bad":
            raise PromotionRefused("bad@2 cannot be rolled back: no endpoint (alarm rings)")
        return []

    def announce_unsettled(self, name: str, why: str) -> None:
        self.told.append((name, why))


@pytest.mark.parametrize(("try_number", "alerts"), [(1, 0), (5, 0), (6, 1)])
def test_a_champion_that_cannot_be_settled_is_told_of_when_no_try_is_left(
    dag_bag, monkeypatch, try_number, alerts
):
    life = Life()
    monkeypatch.setattr("include.wiring.alerting.alerting", lambda: life)
    monkeypatch.setattr("include.wiring.models.model_life.model_life", lambda: life)
    task = dag_bag.dags["watch_promotions"].get_task("watch_champions")

    with pytest.raises(PromotionRefused, match="bad: bad@2 cannot be rolled back"):
        task.python_callable(ti=SimpleNamespace(try_number=try_number, max_tries=task.retries))

    assert life.told == [("bad", "bad@2 cannot be rolled back: no endpoint (alarm rings)")] * alerts
