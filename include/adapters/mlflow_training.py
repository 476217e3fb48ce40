"""What MLflow knows of how a version came to be, over its REST API as in `mlflow_registry`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from include.adapters.mlflow_registry import NOT_THERE, Get, http_get
from include.domain.errors import RegistryUnavailable, UnknownModelAlias
from include.domain.model_ref import ModelRef
from include.pipeline.drift.ports import TrainingFacts


class MlflowTrainingRecords:
    """`TrainingRecords` on an MLflow tracking server. A run does not change: it is read once.

    Args:
        tracking_uri: the server's http or https address.
        get: fetches a URL; replaceable for tests.
    """

    def __init__(self, tracking_uri: str, get: Get = http_get) -> None:
        self._base = f"{tracking_uri.rstrip('/')}/api/2.0/mlflow"
        self._get = get
        self._known: dict[ModelRef, TrainingFacts] = {}

    def facts(self, model: ModelRef) -> TrainingFacts:
        """See `TrainingRecords.facts`."""
        if model not in self._known:
            self._known[model] = self._read(model)
        return self._known[model]

    def _read(self, model: ModelRef) -> TrainingFacts:
        about = f"model {model.label}"
        asked = {"name": model.name, "version": model.version}
        version = self._call("model-versions/get", asked, about)["model_version"]
        if not version.get("run_id"):
            return TrainingFacts()
        data = self._call("runs/get", {"run_id": version["run_id"]}, about)["run"]["data"]
        params = {each["key"]: each["value"] for each in data.get("params", [])}
        metrics = {each["key"]: float(each["value"]) for each in data.get("metrics", [])}
        return TrainingFacts(
            data_uri=str(params.get("data_uri", "")),
            accuracy=metrics.get("accuracy"),
            held_out=int(metrics.get("n_test", 0)),
        )

    def _call(self, path: str, asked: Mapping[str, str], about: str) -> Mapping[str, Any]:
        try:
            status, body = self._get(f"{self._base}/{path}?{urlencode(asked)}")
            answer = dict(json.loads(body))
        except OSError as exc:
            raise RegistryUnavailable(f"{about}: no answer from {self._base}: {exc}") from exc
        except (ValueError, TypeError) as exc:
            raise RegistryUnavailable(f"{about}: {self._base} is no model registry") from exc
        if status == 200:
            return answer
        if answer.get("error_code") in NOT_THERE:
            raise UnknownModelAlias(f"{about}: {answer.get('message', 'not in the registry')}")
        raise RegistryUnavailable(f"{about}: {self._base} answered {status}")
