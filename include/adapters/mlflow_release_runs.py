"""A release in MLflow's experiments: one run, its training jobs nested under it, its evidence.

Imports MLflow's own client, which is slow: for a release's steps, never for a batch's.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from include.adapters.mlflow_client import as_metrics, explained, mlflow_client

RELEASE_ID_TAG = "twolane.release"
KIND_TAG = "twolane.kind"
FAILURE_TAG = "twolane.failure"
MAX_TAG_CHARACTERS = 5_000


class MlflowReleaseRuns:
    """`ReleaseTracking` on an MLflow tracking server; one experiment a model."""

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri.rstrip("/")
        self._client = mlflow_client(tracking_uri)

    def open_run(self, model_name: str, release_id: str, params: Mapping[str, str]) -> str:
        """See `ReleaseTracking.open_run`."""
        with explained(f"opening the run of release {release_id}"):
            experiment_id = self._experiment(model_name)
            tags = {RELEASE_ID_TAG: release_id, KIND_TAG: "release"}
            found = self._find(experiment_id, tags)
            if found:
                return found
            name = f"release-{release_id}"
            run = self._client.create_run(experiment_id, tags={**tags, MLFLOW_RUN_NAME: name})
            run_id = str(run.info.run_id)
            self._client.log_batch(run_id, params=[Param(k, v) for k, v in params.items()])
        return run_id

    def log_trial(
        self,
        parent_run_id: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> str:
        """See `ReleaseTracking.log_trial`."""
        with explained(f"logging trial {name}"):
            experiment_id = self._client.get_run(parent_run_id).info.experiment_id
            own = {MLFLOW_PARENT_RUN_ID: parent_run_id, KIND_TAG: "trial", MLFLOW_RUN_NAME: name}
            run_id = self._find(experiment_id, own)
            if run_id is None:
                run_id = str(self._client.create_run(experiment_id, tags=own).info.run_id)
            self._client.log_batch(
                run_id,
                metrics=_metrics(metrics),
                params=[Param(k, v) for k, v in params.items()],
                tags=[RunTag(k, v) for k, v in tags.items()],
            )
            self._client.set_terminated(run_id)
        return run_id

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """See `ReleaseTracking.log_metrics`."""
        with explained(f"logging metrics of run {run_id}"):
            self._client.log_batch(run_id, metrics=_metrics(metrics))

    def attach(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """See `ReleaseTracking.attach`."""
        with tempfile.TemporaryDirectory(prefix="twolane-run-") as scratch:
            for name, content in files.items():
                path = Path(scratch) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            with explained(f"attaching files to run {run_id}"):
                self._client.log_artifacts(run_id, scratch)

    def close_run(self, run_id: str, *, succeeded: bool, tags: Mapping[str, str]) -> None:
        """See `ReleaseTracking.close_run`."""
        with explained(f"closing run {run_id}"):
            for key, value in tags.items():
                self._client.set_tag(run_id, key, value)
            self._client.set_terminated(run_id, "FINISHED" if succeeded else "FAILED")

    def note_failure(self, run_id: str, reason: str) -> None:
        """See `ReleaseTracking.note_failure`."""
        with explained(f"noting the failure of run {run_id}"):
            self._client.set_tag(run_id, FAILURE_TAG, reason[:MAX_TAG_CHARACTERS])

    def has_failure(self, run_id: str) -> bool:
        """See `ReleaseTracking.has_failure`."""
        with explained(f"looking at run {run_id}"):
            return FAILURE_TAG in self._client.get_run(run_id).data.tags

    def forget_failure(self, run_id: str) -> None:
        """See `ReleaseTracking.forget_failure`."""
        if self.has_failure(run_id):
            with explained(f"clearing the failure of run {run_id}"):
                self._client.delete_tag(run_id, FAILURE_TAG)

    def reopen_run(self, run_id: str) -> None:
        """See `ReleaseTracking.reopen_run`."""
        with explained(f"reopening run {run_id}"):
            self._client.update_run(run_id, "RUNNING")

    def run_url(self, run_id: str) -> str:
        """See `ReleaseTracking.run_url`."""
        with explained(f"looking for run {run_id}"):
            experiment_id = self._client.get_run(run_id).info.experiment_id
        return f"{self._tracking_uri}/#/experiments/{experiment_id}/runs/{run_id}"

    def _experiment(self, name: str) -> str:
        experiment = self._client.get_experiment_by_name(name)
        if experiment is not None:
            return str(experiment.experiment_id)
        try:
            return str(self._client.create_experiment(name))
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return self._experiment(name)

    def _find(self, experiment_id: str, tags: Mapping[str, str]) -> str | None:
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        found = self._client.search_runs([experiment_id], query, max_results=1)
        return str(found[0].info.run_id) if found else None


def _metrics(values: Mapping[str, float]) -> list[Metric]:
    now_ms = int(time.time() * 1000)
    return [Metric(key, value, now_ms, 0) for key, value in as_metrics(values).items()]
