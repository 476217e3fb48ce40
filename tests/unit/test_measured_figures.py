"""Figures of the README and of docs/measured.md are those of the kept results."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "benchmarks" / "results"
PAGES = (REPOSITORY / "README.md", REPOSITORY / "docs" / "measured.md")
MIB = 1 << 20

Result = Any


def _whole(number: float) -> int:
    """Round half up, as people do."""
    return math.floor(number + 0.5)


def _latency(express: Result) -> str:
    return f"{express['median_s']:.2f} s · {express['p99_s']:.2f} s"


def _spot(result: Result) -> str:
    held_out, low_high = result["held_out"], result["held_out"]["interval_95"]
    jobs = held_out["jobs"] + result["tuned_on"]["jobs"]
    late = held_out["late"]["ours"] + result["tuned_on"]["late"]["ours"]
    interval = "–".join(f"{bound:.2f}" for bound in low_high)
    ratio = held_out["ours_over_uniform_progress"]
    return f"{ratio:.2f} (95%: {interval}) · {late} of {jobs:,}"


def _cascade(held_out: Result) -> str:
    before, after = (100 * held_out["accuracy"][key] for key in ("encoder", "cascade"))
    return f"{held_out['speed_ratio']} × · {before:.1f} → {after:.1f}%"


def _release(result: Result) -> str:
    models = result["hardware"]["cpu"]["models"]
    shares = [f"{100 * models[key]['accuracy']:.1f}" for key in ("cascade", "fine-tune", "frozen")]
    faster = models["cascade"]["documents_per_s"] / models["fine-tune"]["documents_per_s"]
    return f"{', '.join(shares)}% · {faster:.1f} × · {result['proposed']}"


def _rollback(result: Result) -> str:
    timing, versions = result["timing"], result["night"]["versions"]
    assert timing["was_under_way"]
    one = "one" if len(versions) == 1 else str(len(versions))
    return f"{timing['alias_moved_s']:.1f} s · {timing['run_ended_s']:.1f} s; {one}"


def _router(traffic: Result) -> str:
    over = traffic["routers"]["ours"]["over_clairvoyant"] - 1
    return f"{over:.1%} · {traffic['saving_on_fixed_threshold']:.0%}"


def _drift(result: Result) -> str:
    alarms = sum(n for kind in result["false_alarms"].values() for n in kind["alarms"].values())
    (case,) = [
        each["alarm"]
        for each in result["delays"]
        if (each["accounts"], each["share"], each["documents_a_day"]) == ("steady", 0.25, 200)
        and not each["is_cut"]
    ]
    return f"{alarms} · {case['found']:.0%}, {case['median_documents']}"


def _deadline(played: Result) -> str:
    foreseen = next(at for at, what in played["acting"]["timeline"] if what.startswith("risk"))
    ends = [
        f"{_whole(played[way]['took_s'])} s, {'met' if played[way]['met'] else 'missed'}"
        for way in ("acting", "left alone")
    ]
    return " · ".join([f"{_whole(foreseen)} s", *ends])


def _imported(models: Result) -> str:
    least = [
        min((each[way]["agreement"], each[way]["documents"]) for each in models)
        for way in ("serving image, fp32", "endpoint")
    ]
    return " · ".join(f"{round(share * of)} of {of}" for share, of in least)


def _stream(rows: Result) -> str:
    peaks = {
        each["documents"]: each["peak_bytes"] / MIB
        for each in rows
        if (each["subject"], each["format"]) == ("container", ".jsonl.gz")
    }
    return " · ".join(f"{_whole(peaks[count])} MiB" for count in (10_000, 10_000_000))


def _chaos(result: Result) -> str:
    totals = result["totals"]
    cases = len(result["cases"])
    return f"{cases} · {totals['lost']} · {totals['doubled']} of {totals['documents']:,}"


ROWS: dict[str, tuple[str, Callable[[Result], str]]] = {
    "1 to 50 documents by REST": ("latency", lambda r: _latency(r["express"])),
    "The same beside batches of 20,000": ("latency", lambda r: _latency(r["express_beside_bulk"])),
    "20 demos through a flood": (
        "flood",
        lambda r: " · ".join(f"{r['demos'][way]['p99_s']:.1f} s" for way in ("rest", "queue")),
    ),
    "50 batches of 1,000 by queue": (
        "flood",
        lambda r: f"{_whole(r['flood']['took_s'])} s · {_whole(r['flood']['longest_wait_s'])} s",
    ),
    "20,000 documents: trigger to both stores": (
        "overhead",
        lambda r: f"{r['elapsed_s']:.1f} s · {r['share_outside_model']:.1%}",
    ),
    "Peak memory of the largest task": (
        "memory",
        lambda r: " · ".join(
            f"{_whole(r['peak_bytes'][size]['airflow-scheduler: task'] / MIB)} MiB"
            for size in ("20000", "200000")
        ),
    ),
    "Asynchronous endpoint": (
        "async_scaling",
        lambda r: f"woken in {_whole(r['seconds']['woken_by_one_request'])} s",
    ),
    "Spot policy": ("spot", _spot),
    "200,000 news texts": (
        "pipeline",
        lambda r: f"{r['pipeline_documents_per_h'] / 1e6:.2f} million · {r['share_of_engine']:.0%}",
    ),
    "A [cascade]": (
        "cascade-ag_news",
        lambda r: _cascade(r["held_out"]),
    ),
    "A release on AG News": ("models-ag_news", _release),
    "Rollback while a batch": ("rollback", _rollback),
    "A GPU left idle": ("idle-gpu", lambda r: f"{_whole(r['idle_before_let_go_s'])} s"),
    "The Costs page on a million charges": (
        "page",
        lambda r: (
            f"{_whole(r['slowest']['median_ms'])} ms · "
            f"{r['page_ms']['90']['median_ms'] / 1000:.2f} s"
        ),
    ),
    "Router, simulated bimodal traffic": ("router", lambda r: _router(r["traffics"]["bimodal"])),
    "Router on curves measured": ("router-learned", lambda r: _router(r["traffics"]["bimodal"])),
    "Watch for drift": ("drift", _drift),
    "A batch put at risk on purpose": ("deadline", lambda r: _deadline(r["played"])),
    "Hugging Face checkpoints": ("import", lambda r: _imported(r["models"].values())),
    "Peak memory of a model container": ("stream_memory_hash", lambda r: _stream(r["rows"])),
    "Processes killed at every step": ("chaos", _chaos),
}


@pytest.mark.parametrize("begins", ROWS)
def test_a_row_says_what_was_measured(begins: str) -> None:
    name, say = ROWS[begins]
    measured = say(json.loads((RESULTS / f"{name}.json").read_text()))
    # after a run here that is not to be kept, put the file back
    assert _figure(begins) == measured, f"benchmarks/results/{name}.json has other figures"


def _figure(begins: str) -> str:
    """Return the second cell of the one row that begins so, numbers and units closed up."""
    lines = [line for page in PAGES for line in page.read_text().splitlines()]
    (row,) = [line for line in lines if line.startswith(f"| {begins}")]
    return row.split("|")[2].strip().replace(" %", "%")
