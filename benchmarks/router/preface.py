"""What the regret table rests on, told above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.router.lane_curves import MeasuredLanes
from include.domain.curves.lane_curve import LaneCurve

DOCUMENT_TOKENS = 100
"""Of the documents that a rate is told for."""

MILLION = (0.0, 1e6, 1e6 / DOCUMENT_TOKENS)


def told(lanes: MeasuredLanes) -> dict[str, Any]:
    """Return what the worlds are drawn from, for the result's file."""
    return {
        "model": lanes.model_name,
        "emulated": lanes.is_emulated,
        "exported_at": lanes.exported_at.isoformat(timespec="seconds"),
        "lanes": [_lane(each) for each in lanes.curves],
    }


def preface(measured: dict[str, Any] | None) -> Sequence[str]:
    """Return the page's first lines.

    Args:
        measured: see `told`; None where what lanes do is assumed.
    """
    return _assumed() if measured is None else _measured(measured)


def _lane(curve: LaneCurve) -> dict[str, Any]:
    latency, start = curve.latency, (1.0, 0.0, 0.0)
    return {
        "lane": curve.key.lane.value,
        "instance_type": curve.key.instance_type,
        "batches": curve.observations,
        "start_s": latency.seconds(start),
        "start_doubt_s": latency.doubt_s(start),
        "million_tokens_s": latency.seconds(MILLION),
        "million_tokens_doubt_s": latency.doubt_s(MILLION),
        "noise": latency.noise,
    }


def _assumed() -> list[str]:
    return [
        "# The router against the clairvoyant",
        "",
        "Simulated: prices and start times of the lanes file for AWS, which are list prices and",
        "assumptions; the traffic and what lanes truly do are those of",
        "`benchmarks/router/traffic.toml`. The clairvoyant's cost is a lower bound: it knows each",
        "batch's luck on each lane and never waits for capacity. All costs are list costs; every",
        "router meets the same luck. Ours starts from the lanes file alone in each world: what it",
        "spends until it knows better is in its figures; the row below it has nothing to learn.",
        "Lanes: serverless, processing, transform, spot. The last two rows have the asynchronous",
        "endpoint besides, whose instances batches share; the bound knows nothing of it, so that",
        "they may come below 1.",
    ]


def _measured(measured: dict[str, Any]) -> list[str]:
    lines = ["# The router against the clairvoyant, on measured curves", ""]
    if measured["emulated"]:
        lines += [
            "**Emulated**: the curves were learned on emulated lanes. Their starts are short, and",
            "a GPU is as fast as the processor that stands for it; its price is the GPU's. No",
            "figure here says what AWS would cost.",
            "",
        ]
    lines += [
        "Simulated: in each world a lane's start, rate and cost a document are drawn from what",
        f"batches and probes of {measured['model']} showed of it (`lane_curves`, read on "
        f"{measured['exported_at'][:10]}),",
        "with the curve's own uncertainty, and its shares of failures and interruptions likewise;",
        "its noise is the curve's. A lane that no batch was on is as sure as its lanes file.",
        "Routers are told that deployment's lanes file. Ours starts with the batches that the",
        "curves were learned from, but for the row that has seen nothing before. Assumed still:",
        "the traffic, capacity and stragglers, by `benchmarks/router/traffic.toml`. A large batch",
        "of *bimodal* takes as long on the measured lane as it was meant to on a GPU: it has as",
        "many fewer documents as that lane is slower. The second traffic leaves them as large,",
        "which is more than such a lane holds: it is shown, and no part of the goal.",
        "",
        "The clairvoyant's cost is a lower bound for who keeps the lanes' admission limits, which",
        "*always CPU* does not: it knows each batch's luck on each lane and never waits for",
        "capacity. All costs are list costs; every router meets the same luck. Rows that have the",
        "asynchronous endpoint may come below 1 too: the bound knows nothing of it.",
        "",
        f"| Lane | Hardware | Batches seen | Start, s | A million tokens in documents of "
        f"{DOCUMENT_TOKENS}, s | Noise |",
        "|---|---|---|---|---|---|",
    ]
    for each in measured["lanes"]:
        lines.append(
            f"| {each['lane']} | {each['instance_type']} | {each['batches']:,} "
            f"| {each['start_s']:.2f} ± {each['start_doubt_s']:.2f} "
            f"| {each['million_tokens_s']:.1f} ± {each['million_tokens_doubt_s']:.1f} "
            f"| {each['noise']:.0%} |"
        )
    return lines
