"""`python -m benchmarks.deadline`: a deadline at risk, foreseen, acted on and met; or left alone.

Starts an embedded AWS and a PostgreSQL of its own, plays the same batch on a slow lane twice, once
with leave to act and once without, and prints both timelines. Time is real, the lane is emulated.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.__main__ import RESULTS, machine
from benchmarks.deadline.batch_at_risk import DEADLINE_S, DELAY_S, SHARDS, BatchAtRisk, Played
from include.adapters.postgres.migrations import migrate
from include.domain.sla.events import Action, SlaKind
from tests.support.faults import injected
from tests.support.local_aws import running_local_aws
from tests.support.postgres import running_postgres

BUCKETS = ("twolane-work", "twolane-models", "twolane-inbox")
LEAVES = {"acting": frozenset(Action), "left alone": frozenset[Action]()}


def main() -> int:
    """Play both, write the results; return 1 where the show does not hold."""
    with tempfile.TemporaryDirectory(prefix="twolane-deadline-") as scratch:
        played = _play(Path(scratch))
    for name, each in played.items():
        print(f"{name}:")
        for at_s, what in each.timeline:
            print(f"  {at_s:6.1f} s  {what}")
    acting, alone = played["acting"], played["left alone"]
    holds = acting.met and not alone.met and acting.events[0].kind is SlaKind.RISK
    result = {
        "deadline_s": DEADLINE_S,
        "shards": SHARDS,
        "answers_held_up_s": DELAY_S,
        "goal_met": holds,
        "played": {name: _told(each) for name, each in played.items()},
        "machine": machine(),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "deadline.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0 if holds else 1


def _play(scratch: Path) -> dict[str, Played]:
    played = {}
    with running_local_aws(scratch / "aws") as cloud, running_postgres(scratch / "db") as server:
        s3 = cloud.client("s3")
        for bucket in BUCKETS:
            s3.create_bucket(Bucket=bucket)
        for name, actions in LEAVES.items():
            url = server.new_database()
            migrate(url)
            batch = BatchAtRisk(cloud, url, scratch / name.replace(" ", "-"), actions)
            with injected(cloud.sagemaker_url, batch.fault()):
                played[name] = batch.play()
    return played


def _told(played: Played) -> dict[str, object]:
    return {
        "took_s": played.took_s,
        "met": played.met,
        "jobs": played.jobs,
        "events": [
            {
                "kind": event.kind.value,
                "stage": event.stage.value,
                "action": event.action.value if event.action else "",
                "miss_probability": event.miss_probability,
            }
            for event in played.events
        ],
        "timeline": [[round(at_s, 1), what] for at_s, what in played.timeline],
    }


if __name__ == "__main__":
    sys.exit(main())
