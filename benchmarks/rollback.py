"""How long a rollback takes while a night's batch is under way, and whether it loses anything.

On the running stack, with a model of its own in two trivial versions: the second is promoted, a
nightly batch begins with it, and `rollback_model` is triggered as a person would, by Airflow's API.
Timed from the click to the alias, and to the end of the run. The batch must end with every
document once in both stores and all of the version it began with; the next batch has the other.

`make bench-rollback`, or `python -m stack run -- python -m benchmarks.rollback --documents 20000`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from benchmarks.__main__ import RESULTS, machine
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import Promotion
from include.pipeline.promotion.promote_model import PromotionRequest
from include.wiring.models.model_life import model_life
from stack.airflow_api import FINAL_STATES, AirflowApi
from stack.demo_documents import SAMPLE, write_documents
from stack.environment import ADMIN
from stack.figures import FiguresReader, aws_client
from stack.passwords import load_or_generate
from stack.paths import Paths

MODEL = "rollback-bench"
ACCOUNT = "enterprise-meridian"
GOAL_S = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Night:
    """What became of the batch that ran meanwhile.

    Attributes:
        versions: that its rows carry.
    """

    documents: int
    lane: str | None
    state: str
    versions: tuple[str, ...]
    adds_up: bool
    elapsed_s: float | None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the click.

    Attributes:
        was_under_way: the night's batch still ran when the rollback had ended.
    """

    alias_moved_s: float
    run_ended_s: float
    was_under_way: bool


def main(arguments: list[str]) -> int:
    """Run it; return 1 when the goal was missed or anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rollback")
    parser.add_argument("--documents", type=int, default=20_000, help="of the night's batch")
    options = parser.parse_args(arguments)
    bench = Bench()
    pinned, target = bench.promote_two_versions()
    run_id = bench.start_night(options.documents)
    timing = bench.roll_back(target)
    night = bench.end_night(run_id)
    result = {
        "what": "rollback_model while a nightly batch is under way, seconds from the click",
        "timing": asdict(timing),
        "night": asdict(night),
        "goal_s": GOAL_S,
        "goal_met": timing.run_ended_s < GOAL_S
        and timing.was_under_way
        and night.state == "succeeded"
        and night.adds_up
        and night.versions == (pinned,),
        "machine": machine(),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "rollback.json").write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"alias back after {timing.alias_moved_s:.1f} s, run over after {timing.run_ended_s:.1f} s"
    )
    print(f"the night: {night}")
    return 0 if result["goal_met"] else 1


class Bench:
    """The running stack, as its environment has it."""

    def __init__(self) -> None:
        environment = dict(os.environ)
        passwords, _ = load_or_generate(Paths.default().passwords_file)
        self._api = AirflowApi(
            environment["AIRFLOW__API__BASE_URL"], ADMIN, passwords.airflow_admin
        )
        self._figures = FiguresReader(environment)
        self._s3 = aws_client("s3", environment)
        self._database_url = environment["TWOLANE_DATABASE_URL"]
        self._inbox = model_life().settings.inbox_bucket

    def promote_two_versions(self) -> tuple[str, str]:
        """Return the champion, and the version a rollback goes to."""
        for copy in ("1", "2"):
            command = [
                sys.executable,
                "-m",
                "include.cli.release",
                "--trivial",
                "--model",
                MODEL,
            ]
            command += ["--data", str(SAMPLE), "--set", f"copy={copy}"]
            subprocess.run(command, check=True)
        older, newer = self._promote("1"), self._promote("2")
        return newer.to_version, older.to_version

    def start_night(self, count: int) -> str:
        """Return the run of `nightly_enterprise` once its batch is on its lane."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "night.jsonl"
            write_documents(path, count, seed=int(time.time()))
            key = f"nightly/{ACCOUNT}/model={MODEL}/{path.name}"
            self._s3.upload_file(str(path), self._inbox, key)
        run_id = self._api.trigger("nightly_enterprise", {})
        query = "SELECT 1 FROM batches WHERE run_id = %s AND model_name = %s AND lane IS NOT NULL"
        _until(lambda: self._query(query, run_id, MODEL))
        return run_id

    def roll_back(self, target: str) -> Timing:
        """Trigger `rollback_model` and wait for its end."""
        form = {"model_name": MODEL, "reason": "make bench-rollback"}
        clicked = time.monotonic()
        run_id = self._api.trigger("rollback_model", form)
        _until(lambda: model_life().aliases.aliases(MODEL).get(Alias.CHAMPION) == target)
        moved = time.monotonic()
        state = self._ended("rollback_model", run_id)
        if state != "success":
            raise RuntimeError(f"rollback_model {run_id} is {state}")
        ended = time.monotonic()
        running = "SELECT 1 FROM batches WHERE model_name = %s AND state = 'running'"
        was_under_way = bool(self._query(running, MODEL))
        return Timing(round(moved - clicked, 2), round(ended - clicked, 2), was_under_way)

    def end_night(self, run_id: str) -> Night:
        """Wait for the night's end and read both stores."""
        self._ended("nightly_enterprise", run_id)
        (row,) = self._query(
            "SELECT batch_id FROM batches WHERE run_id = %s AND model_name = %s", run_id, MODEL
        )
        figures = self._figures.by_batch(row[0])
        if figures is None:
            raise RuntimeError(f"batch {row[0]} is gone")
        rows = self._query(
            "SELECT DISTINCT model_version FROM predictions WHERE batch_id = %s", row[0]
        )
        return Night(
            figures.document_count,
            figures.lane,
            figures.state,
            tuple(sorted(str(each[0]) for each in rows)),
            figures.adds_up,
            figures.elapsed_s,
        )

    def _promote(self, version: str) -> Promotion:
        request = PromotionRequest(MODEL, version, "make bench-rollback", "to be rolled back")
        return model_life().promote(request)

    def _ended(self, dag_id: str, run_id: str) -> str:
        return _until(
            lambda: state if (state := self._api.run_state(dag_id, run_id)) in FINAL_STATES else ""
        )

    def _query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._database_url) as connection:
            return connection.execute(text.encode(), values).fetchall()


def _until(read: Callable[[], T], timeout_s: float = 600.0) -> T:
    deadline = time.monotonic() + timeout_s
    while not (found := read()):
        if time.monotonic() > deadline:
            raise TimeoutError("the stack did not come so far")
        time.sleep(0.05)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
