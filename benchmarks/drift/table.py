"""Results as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any


def summary(delays: Sequence[int | None]) -> dict[str, Any]:
    """Return the share of accounts that were found, and after how many documents."""
    found = sorted(delay for delay in delays if delay is not None)
    return {
        "found": round(len(found) / len(delays), 3),
        "median_documents": int(median(found)) if found else None,
        "p90_documents": found[max(0, -(-9 * len(found) // 10) - 1)] if found else None,
    }


def page(result: Mapping[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = [
        "# The watch for drift, measured",
        "",
        f"Model trained on half of `{result['documents']}`; accounts send the other half. Drift is "
        f"documents of `{result['other']}` among them. "
        f"`make bench-drift`, {result['machine']['measured_at'][:10]}.",
        "",
        "## False alarms, where nothing drifts",
        "",
        "Accounts of 50 to 1,000 documents a day, judged together night by night. Restless: the "
        "shares of topics vary from day to day (Dirichlet).",
        "",
        "| Accounts | compared with | account-days | with an alarm | share | nights with any |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, found in result["false_alarms"].items():
        for source, count in found["account_days"].items():
            alarms = found["alarms"][source]
            lines.append(
                f"| {name} | {source} | {count:,} | {alarms} | {alarms / count:.2%} "
                f"| {found['nights_with_alarm']} of {found['nights']} |"
            )
    lines += [
        "",
        "## Documents until a shift is found",
        "",
        f"Of {result['accounts_each']} accounts each, judged beside {result['beside']} that do not "
        "drift: share found within "
        f"{result['nights']} nights, and the median (90th percentile) of the documents sent since "
        "the shift began. The watch is nightly, so that a day's documents are the least there can "
        "be. Cut: to lengths of the first source's documents, so that length tells nothing.",
        "",
        "| Accounts | of the other source | documents a day | alarm | major: asks for a release |",
        "|---|---:|---:|---|---|",
    ]
    lines += [
        f"| {each['accounts']} | {each['share']:.0%}"
        f"{', cut' if each['is_cut'] else ''} | {each['documents_a_day']:,} "
        f"| {_told(each['alarm'])} | {_told(each['major'])} |"
        for each in result["delays"]
    ]
    return "\n".join(lines) + "\n"


def _told(found: Mapping[str, Any]) -> str:
    if not found["found"]:
        return "not found"
    reached = f"{found['median_documents']:,} ({found['p90_documents']:,})"
    return f"{found['found']:.0%}: {reached} documents"
