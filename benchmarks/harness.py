"""Submits generated batches to the running stack as a user would, and reads what came of them."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.demo_documents import documents, read_parts
from stack.figures import Figures, FiguresReader, aws_client
from stack.passwords import load_or_generate
from stack.paths import Paths
from stack.submission import Request, Submitter

LOG_GROUPS = {"processing": "ProcessingJobs", "transform": "TransformJobs"}
LOGS_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Harness:
    """A user of the running stack."""

    submitter: Submitter
    figures: FiguresReader
    logs: Any

    @classmethod
    def from_environment(cls) -> Harness:
        """Build from the stack's variables (`python -m stack run -- ...` sets them)."""
        environment = dict(os.environ)
        passwords, _ = load_or_generate(Paths.default().passwords_file)
        return cls(
            Submitter(environment, passwords.airflow_admin),
            FiguresReader(environment),
            aws_client("logs", environment),
        )

    def run_batch(
        self,
        *,
        count: int,
        seed: int,
        account: str,
        alias: str = "champion",
        on_started: Callable[[], None] = lambda: None,
    ) -> Figures:
        """Submit `count` generated documents and wait for the end.

        Args:
            on_started: is called when the run has been triggered.

        Raises:
            RuntimeError: as `run_file`.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"bench-{count}.jsonl"
            with path.open("w", encoding="utf-8") as file:
                for document in documents(count, seed, read_parts()):
                    file.write(json.dumps(document) + "\n")
            return self.run_file(path, account=account, alias=alias, on_started=on_started)

    def run_file(
        self,
        path: Path,
        *,
        account: str,
        alias: str = "champion",
        on_started: Callable[[], None] = lambda: None,
    ) -> Figures:
        """Submit a file and wait for the end.

        Raises:
            RuntimeError: the batch failed, or its counts do not add up.
        """
        run_id = self.submitter.submit(Request(path, account, model_alias=alias))
        on_started()
        states = self.submitter.wait([run_id], lambda run, progress: None)
        figures = self.figures.by_run(run_id)
        if states[run_id] != "success" or figures is None or not figures.adds_up:
            raise RuntimeError(f"run {run_id} of {path.name}: {states} {figures}")
        return figures

    def model_seconds(self, figures: Figures) -> float:
        """Return the wall seconds in which a job's model was busy, from the job's own log.

        Raises:
            RuntimeError: the log holds no summary.
        """
        summaries = _until(lambda: self._summaries(figures), LOGS_TIMEOUT_S)
        if not summaries:
            raise RuntimeError(f"batch {figures.batch_id}: no inference summary in its job's log")
        return float(sum(summary["model_seconds"] for summary in summaries))

    def _summaries(self, figures: Figures) -> list[dict[str, Any]]:
        found = []
        group = f"/aws/sagemaker/{LOG_GROUPS[str(figures.lane)]}"
        prefix = f"twolane-{figures.lane}-{figures.batch_id}"
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)
        for stream in streams["logStreams"]:
            events = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )
            for event in events["events"]:
                if '"inference_summary"' in event["message"]:
                    found.append(json.loads(event["message"]))
        return found


def _until(read: Callable[[], list[dict[str, Any]]], timeout_s: float) -> list[dict[str, Any]]:
    deadline = time.monotonic() + timeout_s
    while not (found := read()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found
