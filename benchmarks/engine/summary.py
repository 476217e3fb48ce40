"""From passes and outputs to the figures of the table. Pure but for reading the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.engine.case import Case, CaseFiles
from benchmarks.engine.contenders import OURS, PEAK
from benchmarks.engine.limits import limit_documents_per_s
from benchmarks.engine.turns import Measured


def summarize(files: CaseFiles, measured: Sequence[Measured]) -> dict[str, Any]:
    """One case's result, ready for JSON."""
    case = files.case
    rows = [_row(files, one) for one in measured if one.contender.key != PEAK]
    peak = next((peaks(one) for one in measured if one.contender.key == PEAK), None)
    return {
        "documents_file": case.name,
        "max_tokens": case.max_tokens,
        "documents": case.documents,
        "tokens_per_document": round(case.tokens / case.documents, 1),
        "truncated": case.truncated,
        "trained_on": case.trained_on,
        "flop_per_document": round(case.flop / case.documents),
        "peak": peak,
        **_limit(case, rows, peak),
        "contenders": rows,
    }


def peaks(measured: Measured) -> dict[str, Any] | None:
    """Median and range of each precision's peak, 10^9 operations a second."""
    if measured.failed is not None or not measured.rounds:
        return None
    found: dict[str, Any] = {
        name: spread([float(one[name]) for one in measured.rounds], 1)
        for name in measured.rounds[0]
    }
    return found | {key: measured.settings[key] for key in ("chains", "kernels")}


def spread(values: Sequence[float], digits: int) -> dict[str, float]:
    """Median, least and most."""
    return {
        "median": round(median(values), digits),
        "low": round(min(values), digits),
        "high": round(max(values), digits),
    }


def ratio_to(rows: Sequence[Mapping[str, Any]], key: str, rival: str) -> float | None:
    """Median over rounds of one's rate over another's in the same round; None without both."""
    seconds = {row["key"]: row["seconds"] for row in rows if not row["failed"]}
    if key not in seconds or rival not in seconds:
        return None
    pairs = zip(seconds[rival], seconds[key], strict=True)
    return round(median(slow / fast for slow, fast in pairs), 2)


def _row(files: CaseFiles, one: Measured) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": one.contender.key,
        "title": one.contender.title,
        "is_ours": one.contender.is_ours,
        "precision": one.settings.get("chosen", {}).get("precision", one.contender.precision),
        "failed": one.failed,
        "settings": one.settings,
    }
    if one.failed is not None or not one.rounds:
        return row
    seconds = [float(part["seconds"]) for part in one.rounds]
    rates = [files.case.documents / value for value in seconds]
    return row | {
        "seconds": [round(value, 4) for value in seconds],
        "documents_per_s": spread(rates, 1),
        "tokens_per_s": round(median(rates) * files.case.tokens / files.case.documents),
        **_outputs(files, one.contender.key),
    }


def _outputs(files: CaseFiles, key: str) -> dict[str, Any]:
    """Labels and embeddings against fp32, labels against the truth."""
    case = files.case
    reference = np.load(files.reference)
    head = np.load(files.head)
    expected = (reference @ head["weight"] + head["bias"]).argmax(axis=1)
    with np.load(files.outputs(key)) as found:
        labels = found["labels"]
        embeddings, alone = found.get("embeddings"), found.get("alone")
    result: dict[str, Any] = {
        "labels_as_fp32": round(float((labels == expected).mean()), 4),
        "changed_alone": None,
        "asked_alone": None,
        "accuracy": None,
        "cosine_mean": None,
        "cosine_least": None,
    }
    if alone is not None:
        result["changed_alone"] = int((alone != labels[: len(alone)]).sum())
        result["asked_alone"] = len(alone)
    if case.truth is not None:
        result["accuracy"] = round(float((labels == np.array(case.truth)).mean()), 4)
        result["fp32_accuracy"] = round(float((expected == np.array(case.truth)).mean()), 4)
    if embeddings is not None:
        cosines = (embeddings * reference).sum(axis=1) / np.linalg.norm(embeddings, axis=1)
        result["cosine_mean"] = round(float(cosines.mean()), 4)
        result["cosine_least"] = round(float(cosines.min()), 4)
    return result


def _limit(
    case: Case, rows: Sequence[Mapping[str, Any]], peak: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The limit of each precision, and ours over each peer."""
    limits = {
        name: round(limit_documents_per_s(case.flop, case.documents, found["median"]), 1)
        for name, found in (peak or {}).items()
        if "median" in found
    }
    peers = [row["key"] for row in rows if not row["is_ours"]]
    return {
        "limit_documents_per_s": limits,
        "share_of_limit": {
            row["key"]: round(row["documents_per_s"]["median"] / limits[row["precision"]], 3)
            for row in rows
            if not row["failed"] and row["precision"] in limits
        },
        "ours_over": {key: ratio_to(rows, OURS, key) for key in peers},
    }
