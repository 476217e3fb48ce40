"""An enterprise flood with demos arriving through it: `python -m benchmarks.flood`.

The flood comes by the bulk queue, all at once. The demos come while it runs, evenly spread, in
turn by the REST trigger and by the express queue, each timed from its submission until an
independent reader sees every row in both stores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.__main__ import RESULTS, machine
from benchmarks.flood_watch import FloodWatch, demo_run_id
from benchmarks.harness import Harness
from benchmarks.latency import quantile
from benchmarks.readers import StoreReaders
from stack.demo_documents import documents, read_parts
from stack.figures import aws_client
from stack.submission import EXPRESS_DAG_ID

INBOX = os.environ.get("TWOLANE_INBOX_BUCKET", "twolane-inbox")
FLOOD_ACCOUNT = "enterprise-meridian"
DEMO_ACCOUNT = "demo-visitor"
FIRST_DEMO_S = 5.0
DEMO_TIMEOUT_S = 120.0
GOAL_DEMO_P99_S = 8.0
"""What the case study holds a demo to."""


@dataclass(frozen=True, slots=True)
class Options:
    """How large a flood.

    Attributes:
        demo_every_s: seconds between two demos.
        limit_s: when the flood must be over.
        model_alias: of every batch.
    """

    batches: int
    documents: int
    demos: int
    demo_documents: int
    demo_every_s: float
    limit_s: float
    model_alias: str


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo: how it came, and the seconds to both stores, None when it did not arrive."""

    via: str
    at_s: float
    seconds: float | None


class Client:
    """Someone outside who uploads and triggers."""

    def __init__(self, model_alias: str) -> None:
        self._metadata = {"twolane-model-alias": model_alias}
        self._s3 = aws_client("s3", dict(os.environ))
        self._parts = read_parts()
        self._stamp = f"{time.time():.3f}"

    def upload(self, folder: str, account: str, name: str, rows: list[dict[str, str]]) -> str:
        """Put a file into the inbox; return its URI."""
        key = f"{folder}/{account}/{self._stamp}/{name}.jsonl"
        body = "".join(json.dumps(row) + "\n" for row in rows).encode()
        self._s3.put_object(Bucket=INBOX, Key=key, Body=body, Metadata=self._metadata)
        return f"s3://{INBOX}/{key}"

    def rows(self, count: int, seed: int) -> list[dict[str, str]]:
        """Return documents; the same seed, the same ones."""
        return list(documents(count, seed, self._parts))


def run(options: Options) -> dict[str, Any]:
    """Let the flood in, the demos after it, and wait for all of them."""
    harness, client = Harness.from_environment(), Client(options.model_alias)
    prepared = [client.rows(options.documents, 7000 + n) for n in range(options.batches)]
    time_demo(harness, client, "rest", options, -1)  # the endpoint warm, as in operation
    watch = FloodWatch(f"s3://{INBOX}/bulk/{FLOOD_ACCOUNT}/")
    started = time.monotonic()
    for number, rows in enumerate(prepared):
        client.upload("bulk", FLOOD_ACCOUNT, f"{number:03}", rows)
    uploaded_s = time.monotonic() - started
    prepared.clear()

    def demo(number: int) -> Demo:
        at_s = FIRST_DEMO_S + number * options.demo_every_s
        threading.Event().wait(max(0.0, started + at_s - time.monotonic()))
        via = ("rest", "queue")[number % 2]
        return Demo(via, at_s, time_demo(harness, client, via, options, number))

    with ThreadPoolExecutor(options.demos) as pool:
        waiting = [pool.submit(demo, number) for number in range(options.demos)]
        watch.follow(options.batches, deadline=started + options.limit_s)
        demos = [each.result() for each in waiting]
    return report(options, demos, watch.report(options, uploaded_s))


def time_demo(
    harness: Harness, client: Client, via: str, options: Options, number: int
) -> float | None:
    """Submit a demo; return the seconds to both stores, None when they were not enough."""
    rows = client.rows(options.demo_documents, 9000 + number)
    readers = StoreReaders(os.environ)
    try:
        if via == "rest":
            uri = client.upload("submissions", DEMO_ACCOUNT, f"demo-{number}", rows)
            started = time.monotonic()
            conf = {"batch_uri": uri, "account": DEMO_ACCOUNT, "model_alias": options.model_alias}
            run_id = harness.submitter.api.trigger(EXPRESS_DAG_ID, conf)
        else:
            started = time.monotonic()
            uri = client.upload("express", DEMO_ACCOUNT, f"demo-{number}", rows)
            run_id = demo_run_id(uri, DEMO_TIMEOUT_S)
        readable = readers.wait_readable(run_id, [row["id"] for row in rows], DEMO_TIMEOUT_S)
    except TimeoutError as error:
        print(f"demo {number} by {via}: {error}", file=sys.stderr)
        return None
    return readable - started


def report(options: Options, demos: list[Demo], flood: dict[str, Any]) -> dict[str, Any]:
    """Return the result."""
    found = {
        name: distribution([demo for demo in demos if name in ("all", demo.via)])
        for name in ("all", "rest", "queue")
    }
    is_met = (
        found["all"]["arrived"] == options.demos
        and found["all"]["p99_s"] < GOAL_DEMO_P99_S
        and flood["committed"] == options.batches
        and not flood["dead_letters"]
    )
    return {
        "what": f"{options.batches} batches of {options.documents:,} documents by the bulk queue "
        f"at once, {options.demos} demos of {options.demo_documents} documents through them; "
        "a demo's seconds are from its submission to rows in both stores",
        "demos": found,
        "flood": flood,
        "goal": {"demo_p99_s": GOAL_DEMO_P99_S, "flood": "every batch committed"},
        "goal_met": is_met,
    }


def distribution(demos: list[Demo]) -> dict[str, Any]:
    """Return the distribution of demos' seconds."""
    seconds = sorted(demo.seconds for demo in demos if demo.seconds is not None)
    figures = {
        name: round(quantile(seconds, share), 3) if seconds else None
        for name, share in (("p50_s", 0.5), ("p99_s", 0.99), ("max_s", 1.0))
    }
    return {
        "submitted": len(demos),
        "arrived": len(seconds),
        **figures,
        "seconds": [round(value, 3) for value in seconds],
    }


def main() -> int:
    """Measure, tell, write the result; return 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.flood", description=__doc__)
    parser.add_argument("--batches", type=int, default=50)
    parser.add_argument("--documents", type=int, default=1000, help="of a batch of the flood")
    parser.add_argument("--demos", type=int, default=20)
    parser.add_argument("--demo-documents", type=int, default=20)
    parser.add_argument("--demo-every", type=float, default=5.0, help="seconds between demos")
    parser.add_argument("--limit", type=float, default=360.0, help="seconds for the whole flood")
    parser.add_argument("--model-alias", default="champion")
    given = parser.parse_args()
    result = run(
        Options(
            batches=given.batches,
            documents=given.documents,
            demos=given.demos,
            demo_documents=given.demo_documents,
            demo_every_s=given.demo_every,
            limit_s=given.limit,
            model_alias=given.model_alias,
        )
    )
    for name, part in result["demos"].items():
        print(
            f"demos by {name:6} {part['arrived']:3} of {part['submitted']:3} arrived: "
            f"p50 {part['p50_s']} s, p99 {part['p99_s']} s, max {part['max_s']} s"
        )
    flood = result["flood"]
    print(
        f"flood          {flood['committed']:3} of {flood['batches']:3} batches committed "
        f"in {flood['took_s']} s; longest wait in the queue {flood['longest_wait_s']} s; "
        f"at most {flood['most_running']} ran at once"
    )
    result["machine"] = machine()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "flood.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0 if result["goal_met"] else 1


if __name__ == "__main__":
    sys.exit(main())
