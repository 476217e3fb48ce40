"""Task instances that Airflow makes have their batch's priority: the one due first goes first."""

from __future__ import annotations

import runpy
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.support.airflow_home import REPOSITORY

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SUBMITTED = "2026-11-02T11:59:00+00:00"


@pytest.fixture
def hook(monkeypatch):
    """The stack's settings module, loaded as Airflow loads it; a lanes file of its own."""
    from airflow import policies, settings

    deadline_s = {"standard": 600, "enterprise": 3600}
    lanes = SimpleNamespace(deadline_s=deadline_s)
    monkeypatch.setattr("include.wiring.watch.watch", lambda: SimpleNamespace(lanes=lanes))
    monkeypatch.setattr(sys, "argv", ["airflow", "api-server"])
    path = REPOSITORY / "stack" / "templates" / "airflow_local_settings.py"
    module = SimpleNamespace(**runpy.run_path(str(path)))
    manager = settings.get_policy_plugin_manager()
    before = set(manager.get_plugins())
    policies.make_plugin_from_local_settings(manager, module, set(module.__all__))
    monkeypatch.setattr(settings.task_instance_mutation_hook, "is_noop", False)
    yield
    for plugin in set(manager.get_plugins()) - before:
        manager.unregister(plugin)


@pytest.fixture
def weights(dag_bag, hook):
    """Makes a run in Airflow's tables; returns the weights of its task instances."""
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    with create_session() as session:
        session.merge(DagBundleModel(name="tests"))
    sync_bag_to_db(dag_bag, "tests", None)

    def make(dag_id, run_id, conf):
        with create_session() as session:
            run = SerializedDagModel.get_dag(dag_id, session=session).create_dagrun(
                run_id=run_id,
                logical_date=None,
                run_after=NOW,
                conf={"batch_uri": "s3://inbox-tests/x", "account": "a", **conf},
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.QUEUED,
                session=session,
            )
            session.flush()
            session.expire_all()
            return {each.priority_weight for each in run.get_task_instances(session=session)}

    return make


def test_the_batch_that_is_due_first_goes_first(weights):
    runs = [
        {"deadline_minutes": 5, "tier": "enterprise"},
        {"submitted_at": SUBMITTED},
        {"tier": "standard"},
        {"tier": "enterprise"},
    ]

    found = [weights("document_inference", f"r{n}", conf) for n, conf in enumerate(runs)]

    assert all(len(each) == 1 for each in found), "all tasks of a run alike"
    ordered = [weight for (weight,) in found]
    assert ordered == sorted(ordered, reverse=True)
    assert len(set(ordered)) == len(runs)
    assert ordered[0] < 0, "behind what has an ordinary weight"
    assert ordered[2] - ordered[3] == timedelta(minutes=50).total_seconds()


def test_the_nightly_run_has_its_tier_s_deadline_and_other_dags_their_own_weights(weights):
    assert weights("nightly_enterprise", "n", {}) == weights(
        "document_inference", "e", {"tier": "enterprise"}
    )
    assert min(weights("express_inference", "x", {"deadline_minutes": 5})) >= 100


def test_what_cannot_be_read_keeps_airflow_s_weight_and_stops_nothing(weights, monkeypatch):
    def broken():
        raise ValueError("the lanes file has no tiers")

    monkeypatch.setattr("include.wiring.watch.watch", broken)

    assert min(weights("document_inference", "b", {})) > 0
