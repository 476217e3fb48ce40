"""An asynchronous endpoint's GPU left idle, taken to zero by `watch_gpus`, and woken again.

On the running stack: a batch runs on the asynchronous lane, then its endpoint is left alone, with
its own scaling to zero suspended, as one whose scaling was lost. Nothing here scales it: that is
for the DAG `watch_gpus`, as the stack's settings have it. What it saved is read from `savings` and
from the Costs page, and a second batch shows that the endpoint comes back. Seconds are real; the
GPU is emulated by a processor, so what is saved is at list price and on no bill.

`make bench-idle-gpu`, or `python -m stack run -- python -m benchmarks.idle_gpu --documents 2000`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from typing import Any

from benchmarks.__main__ import RESULTS, machine
from benchmarks.idle_gpu.endpoint import IdleEndpoint, until

ONCE_MORE_S = 60.0
"""For which a saving is counted on before the page is read."""


def measure(bench: IdleEndpoint, documents: int) -> dict[str, Any]:
    """Run a batch, leave its endpoint idle, wait, wake it; return what was seen."""
    settings = bench.settings
    longest_s = settings.gpu_warm_up_s + 2 * settings.gpu_idle_s + 2 * settings.gpu_metric_period_s
    first = bench.run_batch(documents)
    endpoint = bench.endpoint_of(first)
    print(f"{endpoint}: {documents:,} documents answered, {bench.instances(endpoint)} instance(s)")
    with bench.without_own_scaling(endpoint):
        left_s = time.monotonic()
        saving = bench.wait_for_zero(endpoint, longest_s + 10 * settings.gpu_watch_s)
        gone_s = time.monotonic() - left_s
        print(f"at zero {gone_s:.0f} s after the batch had ended")
        time.sleep(ONCE_MORE_S)
        agrees = bench.page_agrees()
    query = "SELECT * FROM savings WHERE saving_id = %s"
    (counted,) = bench.rows(query, saving["saving_id"])
    woken_s = time.monotonic()
    second = bench.run_batch(documents)
    woken_s = time.monotonic() - woken_s
    ended = until(lambda: bench.rows(query + " AND ended_at IS NOT NULL", saving["saving_id"]))
    idle_s = (saving["at"] - saving["since"]).total_seconds()
    hours = (counted["counted_to"] - counted["at"]).total_seconds() / 3600
    return {
        "what": "an asynchronous endpoint's GPU left idle, its own scaling suspended, on the "
        "running stack; taken to zero by the DAG watch_gpus, then woken by a batch",
        "is_emulated": counted["is_emulated"],
        "emulated": "the GPU is a processor that stands for it; savings are list price, on no bill",
        "settings": {
            "idle_s": settings.gpu_idle_s,
            "quiet_idle_s": settings.gpu_quiet_idle_s,
            "look_s": settings.gpu_watch_s,
            "warm_up_s": settings.gpu_warm_up_s,
            "metric_period_s": settings.gpu_metric_period_s,
        },
        "documents": documents,
        "idle_before_let_go_s": round(idle_s, 1),
        "at_zero_after_the_batch_s": round(gone_s, 1),
        "reason": counted["reason"],
        "instances": counted["instances"],
        "instance_type": counted["instance_type"],
        "saved_usd_per_hour": counted["saved_usd_per_hour"],
        "counted_s": round(3600 * hours, 1),
        "list_saved_usd": counted["list_saved_usd"],
        "utilisation_when_let_go": bench.sample(endpoint, saving["at"]),
        "page_shows_the_same": agrees,
        "next_batch_s": round(woken_s, 1),
        "next_batch_is_whole": second.adds_up,
        "counting_ended_when_it_came_back": ended[0]["ended_at"] < ended[0]["counts_until"],
        "goal": "let go within two idle intervals; the saving in the books and on the page",
        "goal_met": idle_s <= 2 * settings.gpu_idle_s
        and counted["list_saved_usd"] > 0
        and math.isclose(counted["list_saved_usd"], counted["saved_usd_per_hour"] * hours)
        and agrees
        and second.adds_up,
    }


def main(arguments: list[str]) -> int:
    """Run it; return 1 when the goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle_gpu")
    parser.add_argument("--documents", type=int, default=2_000, help="of each of the two batches")
    result = measure(IdleEndpoint(), parser.parse_args(arguments).documents)
    result["machine"] = machine()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "idle-gpu.json").write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"idle for {result['idle_before_let_go_s']:.0f} s when it was let go; "
        f"${result['saved_usd_per_hour']:.3f} an hour at list price (emulated, on no bill), "
        f"${result['list_saved_usd']:.4f} so far; the page shows the same: "
        f"{result['page_shows_the_same']}; the next batch took {result['next_batch_s']:.0f} s"
    )
    return 0 if result["goal_met"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
