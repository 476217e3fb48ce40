"""Releases on the embedded AWS and a real MLflow, driven as the DAG drives them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from include.pipeline.release.evidence import Evidence
from include.pipeline.release.release_records import ReleaseRequest
from include.pipeline.release.release_report import Findings
from include.wiring.models.model_life import ModelLife
from tests.support.labelled_topics import Document

TEST_PERCENT = 40
"""Of the documents of these releases."""


@dataclass
class ReleaseSite:
    """Where releases are made; `inbox` is a bucket that they may read."""

    life: ModelLife
    inbox: str

    def release(
        self, model_name: str, documents: Iterable[Document], candidates: tuple[str, ...]
    ) -> tuple[Evidence, Findings]:
        """Release labelled documents of one's own, up to the gates."""
        text = "".join(json.dumps(document) + "\n" for document in documents)
        uri = f"s3://{self.inbox}/{model_name}-{len(text)}.jsonl"
        self.life.objects.write_text(uri, text)
        return self.walk(ReleaseRequest(model_name, uri, candidates, reason="a test", by="test"))

    def walk(self, request: ReleaseRequest) -> tuple[Evidence, Findings]:
        """Go through every step up to the gates."""
        evidence = self.life.prepare_release(request)
        for trial in evidence.plan().trials:
            _until(partial(self.life.advance_trial, evidence.folder, trial.name))
        _until(lambda: self.life.advance_evaluations(evidence.folder))
        return evidence, self.life.judge_release(evidence.folder)


def _until(is_done: Callable[[], bool], timeout_s: float = 180) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_done():
        assert time.monotonic() < deadline, "a job of the release takes too long"
        time.sleep(0.2)


def write_policy(folder: Path, *, lanes: Mapping[str, str] | None = None) -> dict[str, str]:
    """A small candidates file beside the product's gates; return the settings that name it.

    `lanes` are those of the hardware classes, by the class's name.
    """
    measured = lanes or {"cpu": "processing"}
    hardware = "".join(f'[hardware.{name}]\nlane = "{lane}"\n' for name, lane in measured.items())
    path = folder / "candidates.toml"
    path.write_text(
        f"""
[proposal]
margin = 0.005
[split]
test_percent = {TEST_PERCENT}
validation_percent = 8
[evaluation]
confidence = 0.95
resamples = 1000
rounds = 1
round_s = 0.2
{hardware}
[candidates.linear]
method = "linear"
instance_type = "ml.m5.large"
[candidates.frozen]
method = "frozen"
instance_type = "ml.m5.large"
parameters = {{ max_tokens = "32", calibration_documents = "16", folds = "2" }}
"""
    )
    return {"TWOLANE_CANDIDATES_FILE": str(path)}
