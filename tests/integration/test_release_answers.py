"""`release_model` to its end: what a person approves is champion, what anybody refuses is not."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest

from include.wiring.models.model_life import model_life
from tests.integration.conftest import forget_settings
from tests.support.labelled_topics import Document, mislabelled, topics
from tests.support.mlflow_server import mlflow_call
from tests.support.release_site import TEST_PERCENT, write_policy

DAG = "release_model"
WAITING = "awaiting_input"
REASON = "as agreed with the desk"


@pytest.fixture(scope="module", autouse=True)
def small_candidates(product, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in write_policy(tmp_path_factory.mktemp("policy")).items():
            patch.setenv(name, value)
        forget_settings()
        model_life.cache_clear()
        yield
    forget_settings()
    model_life.cache_clear()


class Person:
    """Answers by Airflow's REST API, once a run of the DAG waits for it."""

    def __init__(self, option: str) -> None:
        from airflow.api_fastapi.app import create_app
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
        from fastapi.testclient import TestClient

        self._option = option
        self.asked = ""
        app = create_app(apps="core")
        token = app.state.auth_manager.generate_jwt(
            SimpleAuthManagerUser(username="ada", role="ADMIN")
        )
        self._client = TestClient(app, headers={"Authorization": f"Bearer {token}"})

    def look(self) -> None:
        """See whether there is something to answer, and answer it."""
        runs = self._get("?state=running")["dag_runs"]
        for run_id in [urllib.parse.quote(run["dag_run_id"]) for run in runs]:
            task = f"/{run_id}/taskInstances/approve"
            if self._get(task)["state"] == WAITING:
                self._answer(f"{task}/-1/hitlDetails")

    def _answer(self, question: str) -> None:
        self.asked = self._get(question)["body"]
        body = {"chosen_options": [self._option], "params_input": {"reason": REASON}}
        answer = self._client.patch(self._url(question), json=body)
        assert answer.status_code == 200, answer.text

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._client.get(self._url(path))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @staticmethod
    def _url(path: str) -> str:
        return f"/api/v2/dags/{DAG}/dagRuns{path}"


def release(product, model_name: str, documents: list[Document], person: Person | None = None):
    body = "".join(json.dumps(document) + "\n" for document in documents)
    conf = {
        "model_name": model_name,
        "data_uri": product.upload(f"{model_name}.jsonl", body.encode()),
        "candidates": ["linear"],
        "reason": "",
    }
    return product.run(DAG, conf, meanwhile=person.look if person else None)


def aliases(mlflow_uri: str, name: str) -> dict[str, str]:
    query = urllib.parse.urlencode({"name": name})
    found = mlflow_call(mlflow_uri, f"registered-models/get?{query}")["registered_model"]
    return {each["alias"]: each["version"] for each in found["aliases"]}


def promotions(product, name: str) -> list[dict[str, Any]]:
    return product.query("SELECT * FROM model_promotions WHERE model_name = %s", name)


def told(product, run_id: str) -> list[str]:
    """The kinds of the alerts about a run."""
    found = product.query("SELECT kind FROM alerts WHERE subject = %s", run_id)
    return [each["kind"] for each in found]


def nothing_is_promoted(product, mlflow_uri: str, name: str) -> None:
    assert aliases(mlflow_uri, name) == {"challenger": "1"}
    assert promotions(product, name) == []


def test_what_a_person_approves_is_champion_and_the_history_says_who_and_why(product, mlflow_uri):
    outcome = release(product, "topics-approved", topics(900), Person("Approve"))
    assert outcome.state == "success"
    assert set(outcome.tasks.values()) == {"success"}
    assert aliases(mlflow_uri, "topics-approved") == {"champion": "1"}
    (row,) = promotions(product, "topics-approved")
    assert (row["kind"], row["from_version"], row["to_version"]) == ("promoted", None, "1")
    assert (row["decided_by"], row["reason"]) == ("ada", REASON)
    assert row["evidence_uri"].startswith("s3://twolane-models/topics-approved/releases/")
    assert told(product, outcome.run_id) == ["release_waiting"]

    again = release(product, "topics-approved", topics(900))
    assert again.state == "success"
    left_out = {name for name, state in again.tasks.items() if state == "skipped"}
    assert left_out == {"judge", "check_gates", "approve", "promote"}, "it is the champion itself"
    assert aliases(mlflow_uri, "topics-approved") == {"champion": "1"}
    assert told(product, again.run_id) == []


def test_what_a_person_rejects_is_not_promoted(product, mlflow_uri):
    person = Person("Reject")
    outcome = release(product, "topics-refused", topics(900), person)
    assert "accuracy" in person.asked.lower(), "the evidence is in the form"
    assert outcome.state == "success"
    assert outcome.tasks["check_gates"] == "success"
    assert (outcome.tasks["approve"], outcome.tasks["promote"]) == ("success", "skipped")
    nothing_is_promoted(product, mlflow_uri, "topics-refused")
    query = urllib.parse.urlencode({"name": "topics-refused", "version": "1"})
    version = mlflow_call(mlflow_uri, f"model-versions/get?{query}")["model_version"]
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    assert tags["twolane.release.rejected"].endswith(f" by ada: {REASON}")
    assert told(product, outcome.run_id) == ["release_waiting"]


def test_what_a_gate_stops_is_asked_of_nobody(product, mlflow_uri, capfd):
    shuffled = mislabelled(topics(900), 1.0, TEST_PERCENT)
    outcome = release(product, "topics-shuffled", shuffled)
    assert outcome.state == "failed"
    assert outcome.tasks["judge"] == "success"
    assert [outcome.tasks[name] for name in ("check_gates", "approve", "promote")] == [
        "failed",
        "upstream_failed",
        "upstream_failed",
    ]
    assert "where always answering the most frequent label is right" in capfd.readouterr().out
    nothing_is_promoted(product, mlflow_uri, "topics-shuffled")
    assert told(product, outcome.run_id) == ["release_stopped"]


def test_what_cannot_be_prepared_is_told_though_nobody_sits_beside_it(product):
    one_label = [document | {"label": "Sports"} for document in topics(40)]
    outcome = release(product, "topics-of-one", one_label)
    assert outcome.state == "failed"
    assert outcome.tasks["prepare"] == "failed"
    assert told(product, outcome.run_id) == ["release_stopped"]
    (alert,) = product.query("SELECT * FROM alerts WHERE subject = %s", outcome.run_id)
    assert "prepare: " in alert["detail"]
    assert "two labels are needed" in alert["detail"]
