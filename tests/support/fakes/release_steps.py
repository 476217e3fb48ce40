"""TrainingJobs, EvaluationJobs, ReleaseTracking and ReleasePictures in memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.domain.errors import ReleaseFailed
from include.domain.release.evaluation import CHAMPION_KEY
from include.pipeline.release.release_ports import EvaluationRequest, Scene
from include.pipeline.versions.model_archive import pack_archive
from include.pipeline.versions.ports import TrainingRequest
from tests.support.fakes.objects import FakeObjectStore


class FakeTrainingJobs:
    """Each job is done at the second look; its artifact says what it was trained on.

    Attributes:
        accuracy: by a parameter's value, what a job finds on its own held-out documents.
        with_cascade: whether fine-tuning finds the evidence for one.
        failing: the next looks at a job raise this.
    """

    def __init__(self, objects: FakeObjectStore) -> None:
        self.objects = objects
        self.requests: list[TrainingRequest] = []
        self.looks: dict[str, int] = {}
        self.accuracy: dict[str, float] = {}
        self.with_cascade = True
        self.failing: list[ReleaseFailed] = []

    def run(self, request: TrainingRequest) -> str:
        name = self.start(request)
        while (uri := self.artifact(name)) is None:
            pass
        return uri

    def start(self, request: TrainingRequest) -> str:
        self.requests.append(request)
        return request.name

    def artifact(self, job_name: str) -> str | None:
        if self.failing:
            raise self.failing.pop()
        self.looks[job_name] = self.looks.get(job_name, 0) + 1
        if self.looks[job_name] < 2:
            return None
        request = next(each for each in self.requests if each.name == job_name)
        uri = f"{request.output_prefix}/{job_name}/output/model.tar.gz"
        self._upload(uri, request)
        return uri

    def _upload(self, uri: str, request: TrainingRequest) -> None:
        method = request.parameters["method"]
        description: dict[str, Any] = {"name": "m", "format": method, "labels": ["a", "b"]}
        description["max_tokens"] = int(request.parameters.get("max_tokens", 16))
        files: dict[str, bytes] = {}
        if method == "fine-tune" and self.with_cascade:
            description["cascade"] = {"file": "cascade.npz"}
            files["cascade.npz"] = b"cheap"
        values = [self.accuracy[v] for v in request.parameters.values() if v in self.accuracy]
        metrics = {"accuracy": values[0] if values else 0.8}
        files |= {
            "model.json": json.dumps(description).encode(),
            "metrics.json": json.dumps(metrics).encode(),
        }
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "empty").mkdir()
            pack_archive(Path(folder) / "empty", files, Path(folder) / "model.tar.gz")
            self.objects.upload(Path(folder) / "model.tar.gz", uri)


class FakeEvaluationJobs:
    """Each job is done at the second look; `found` makes its `evaluation.json`."""

    def __init__(self, objects: FakeObjectStore, found: Any) -> None:
        self.objects = objects
        self.requests: list[EvaluationRequest] = []
        self.looks: dict[str, int] = {}
        self.found = found

    def start(self, request: EvaluationRequest) -> str:
        self.requests.append(request)
        return request.name

    def is_done(self, job_name: str) -> bool:
        self.looks[job_name] = self.looks.get(job_name, 0) + 1
        if self.looks[job_name] < 2:
            return False
        request = next(each for each in self.requests if each.name == job_name)
        text = json.dumps(self.found(list(request.models)))
        self.objects.write_text(f"{request.output_prefix}evaluation.json", text)
        return True


class FakeTracking:
    """Runs by id, their values in dictionaries."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}

    def open_run(self, model_name: str, release_id: str, params: Mapping[str, str]) -> str:
        self.runs.setdefault(release_id, {"params": dict(params)})
        return release_id

    def log_trial(
        self,
        parent_run_id: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> str:
        run_id = f"{parent_run_id}/{name}"
        self.runs[run_id] = {"params": dict(params), "metrics": dict(metrics), "tags": dict(tags)}
        return run_id

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        self.runs[run_id].setdefault("metrics", {}).update(metrics)

    def attach(self, run_id: str, files: Mapping[str, bytes]) -> None:
        self.runs[run_id].setdefault("files", {}).update(files)

    def close_run(self, run_id: str, *, succeeded: bool, tags: Mapping[str, str]) -> None:
        self.runs[run_id] |= {"succeeded": succeeded, "closing": dict(tags)}

    def note_failure(self, run_id: str, reason: str) -> None:
        self.runs[run_id]["failure"] = reason

    def has_failure(self, run_id: str) -> bool:
        return "failure" in self.runs[run_id]

    def forget_failure(self, run_id: str) -> None:
        self.runs[run_id].pop("failure", None)

    def reopen_run(self, run_id: str) -> None:
        self.runs[run_id].pop("succeeded", None)

    def run_url(self, run_id: str) -> str:
        return f"http://mlflow/{run_id}"


class FakePictures:
    """One picture, named for what was proposed."""

    def draw(self, scene: Scene) -> Mapping[str, bytes]:
        with_champion = CHAMPION_KEY in scene.evaluation.models
        return {f"{scene.proposal.key}.png": b"with champion" if with_champion else b"alone"}
