"""What MLflow says a version was made from."""

from __future__ import annotations

import json

import pytest

from include.adapters.mlflow_training import MlflowTrainingRecords
from include.domain.errors import RegistryUnavailable, UnknownModelAlias
from include.domain.model_ref import ModelRef
from include.pipeline.drift.ports import TrainingFacts

MODEL = ModelRef("news-topic", "3", "f" * 64)
RUN = {
    "params": [{"key": "data_uri", "value": "s3://models/d.jsonl"}, {"key": "x", "value": "1"}],
    "metrics": [{"key": "accuracy", "value": 0.9125}, {"key": "n_test", "value": 400}],
}


class Server:
    """Answers as MLflow's REST API does, and counts the questions."""

    def __init__(self, run: dict[str, object] | None = None, run_id: str = "r1") -> None:
        self.run = RUN if run is None else run
        self.run_id = run_id
        self.asked: list[str] = []

    def get(self, url: str) -> tuple[int, bytes]:
        self.asked.append(url)
        if "model-versions/get?name=news-topic&version=3" in url:
            return 200, json.dumps({"model_version": {"run_id": self.run_id}}).encode()
        if "runs/get?run_id=r1" in url:
            return 200, json.dumps({"run": {"data": self.run}}).encode()
        return 404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such thing"}'


def test_the_runs_data_and_figures_are_read_once() -> None:
    server = Server()
    records = MlflowTrainingRecords("http://mlflow/", server.get)

    assert records.facts(MODEL) == TrainingFacts("s3://models/d.jsonl", 0.9125, 400)
    assert records.facts(MODEL).held_out == 400
    assert len(server.asked) == 2


def test_a_version_without_data_or_run_says_so() -> None:
    trivial = Server(run={})
    assert MlflowTrainingRecords("http://mlflow", trivial.get).facts(MODEL) == TrainingFacts()
    without_run = Server(run_id="")
    assert MlflowTrainingRecords("http://mlflow", without_run.get).facts(MODEL) == TrainingFacts()


def test_refusals_are_in_our_words() -> None:
    with pytest.raises(UnknownModelAlias, match="news-topic@4: no such thing"):
        MlflowTrainingRecords("http://mlflow", Server().get).facts(ModelRef("news-topic", "4", "f"))
    with pytest.raises(RegistryUnavailable, match="answered 500"):
        MlflowTrainingRecords("http://mlflow", lambda url: (500, b"{}")).facts(MODEL)
    with pytest.raises(RegistryUnavailable, match="no model registry"):
        MlflowTrainingRecords("http://mlflow", lambda url: (200, b"<html>")).facts(MODEL)

    def down(url: str) -> tuple[int, bytes]:
        raise ConnectionRefusedError("nobody there")

    with pytest.raises(RegistryUnavailable, match="no answer"):
        MlflowTrainingRecords("http://mlflow", down).facts(MODEL)
