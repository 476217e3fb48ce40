"""A release's records, in one folder: what each step leaves for the next and for people."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import TypeAdapter

from include.domain.release.evaluation import Evaluation, parse_evaluation
from include.domain.release.verdict import VERDICT_FILE
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.release_records import PlannedRelease, TrialRecord

T = TypeVar("T")


class Evidence:
    """Reads and writes the folder of one release.

    Args:
        folder: `s3://<models bucket>/<model>/releases/<release id>/`.
    """

    def __init__(self, objects: ObjectStore, folder: str) -> None:
        self.objects = objects
        self.folder = folder

    @classmethod
    def of(cls, objects: ObjectStore, bucket: str, model_name: str, release_id: str) -> Evidence:
        """Return the folder of a release."""
        return cls(objects, f"s3://{bucket}/{model_name}/releases/{release_id}/")

    def uri(self, name: str) -> str:
        """Return where a file of the folder stands."""
        return self.folder + name

    def save_plan(self, plan: PlannedRelease) -> None:
        """Write the plan."""
        self._save("release.json", TypeAdapter(PlannedRelease), plan)

    def plan(self) -> PlannedRelease:
        """Read the plan. Raises `ObjectMissing`."""
        return self._load("release.json", TypeAdapter(PlannedRelease))

    def has_plan(self) -> bool:
        """Whether the release was prepared before."""
        return self.objects.exists(self.uri("release.json"))

    def save_trial(self, name: str, record: TrialRecord) -> None:
        """Write what is known of a training job."""
        self._save(f"trials/{name}.json", TypeAdapter(TrialRecord), record)

    def trial(self, name: str) -> TrialRecord | None:
        """Read it; None where no job was asked for."""
        if not self.objects.exists(self.uri(f"trials/{name}.json")):
            return None
        record = self._load(f"trials/{name}.json", TypeAdapter(TrialRecord))
        return record if record.job else None

    def forget_trial(self, name: str) -> None:
        """Let the next one who asks start another job."""
        self.save_trial(name, TrialRecord(job=""))

    def evaluation_prefix(self, hardware: str) -> str:
        """Where the evaluation job of a hardware class writes."""
        return self.uri(f"evaluations/{hardware}/")

    def save_evaluation(self, hardware: str) -> None:
        """Keep the job's answer beside the other evidence.

        Raises:
            ObjectMissing: the job left none.
        """
        text = self.objects.read_text(f"{self.evaluation_prefix(hardware)}evaluation.json")
        self.write(f"evaluation-{hardware}.json", text)

    def has_evaluation(self, hardware: str) -> bool:
        """Whether a hardware class has been evaluated."""
        return self.objects.exists(self.uri(f"evaluation-{hardware}.json"))

    def evaluation(self, hardware: str) -> Evaluation:
        """Read what was found on a hardware class. Raises `ObjectMissing`, `ValueError`."""
        return parse_evaluation(json.loads(self.read(f"evaluation-{hardware}.json")))

    def read(self, name: str) -> str:
        """Read a small file of the folder. Raises `ObjectMissing`."""
        return self.objects.read_text(self.uri(name))

    def write(self, name: str, text: str, content_type: str = "application/json") -> None:
        """Write a small file of the folder."""
        self.objects.write_text(self.uri(name), text, content_type)

    @property
    def verdict_uri(self) -> str:
        """Where the gates' answers stand."""
        return self.uri(VERDICT_FILE)

    def _save(self, name: str, adapter: TypeAdapter[T], value: T) -> None:
        self.write(name, adapter.dump_json(value, indent=2).decode())

    def _load(self, name: str, adapter: TypeAdapter[T]) -> T:
        return adapter.validate_json(self.read(name))
