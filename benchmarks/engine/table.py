"""The results as a Markdown table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.engine.contenders import OURS

COLUMNS = (
    "Contender",
    "Documents/s",
    "range",
    "Twolane ÷ it",
    "Precision",
    "Share of its limit",
    "Batch",
    "Labels as fp32",
    "Labels that change alone",
    "Accuracy",
    "Cosine to fp32, mean / least",
)


def markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """Every case under a heading of its own, the fastest contender first."""
    return "\n".join(line for result in results for line in _case(result))


def _case(result: Mapping[str, Any]) -> list[str]:
    machine = result["machine"]
    lines = [
        f"### {result['documents_file']}, truncated to {result['max_tokens']} tokens",
        "",
        f"{result['documents']:,} texts of {result['tokens_per_document']:g} tokens a pass "
        f"({result['truncated']:,} truncated), {result['rounds']} interleaved rounds, "
        f"{machine['cores']} cores of {machine['processor']} "
        f"({', '.join(machine['instructions'])}), load {machine['load_before']:g} before.",
        "",
        _limit(result),
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
    ]
    done = [row for row in result["contenders"] if not row["failed"]]
    done.sort(key=lambda row: -row["documents_per_s"]["median"])
    lines += [_row(row, result) for row in done]
    failed = [row for row in result["contenders"] if row["failed"]]
    lines += [f"| {row['title']} | failed: {row['failed']} |" for row in failed]
    return [*lines, ""]


def _limit(result: Mapping[str, Any]) -> str:
    peak = result["peak"]
    if peak is None:
        return "The matrix-product peak was not measured."
    text = "Matrix-product peak in the same run: " + ", ".join(
        f"{name} {peak[name]['median']:,.0f}" for name in ("int8", "bf16", "fp32")
    )
    text += (
        f" × 10⁹ operations/s. At {result['flop_per_document'] / 1e6:,.0f} × 10⁶ a text the int8 "
        f"limit is {result['limit_documents_per_s']['int8']:,.0f} documents/s"
    )
    ours = next((row for row in result["contenders"] if row["key"] == OURS), None)
    if ours is None or ours["failed"]:
        return text + "."
    share, precision = result["share_of_limit"][OURS], ours["precision"]
    if precision == "int8":
        return text + f"; Twolane's engine reaches {share:.0%} of it."
    return text + (
        f". Twolane's engine chose {precision}, for int8 changed too many labels in training: "
        f"{share:.0%} of that precision's limit."
    )


def _row(row: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    rate = row["documents_per_s"]
    digits = 0 if rate["median"] >= 100 else 1
    ratio = result["ours_over"].get(row["key"])
    share = result["share_of_limit"].get(row["key"])
    cells = (
        f"**{row['title']}**" if row["is_ours"] else row["title"],
        f"{rate['median']:,.{digits}f}",
        f"{rate['low']:,.{digits}f}–{rate['high']:,.{digits}f}",
        "" if ratio is None else f"{ratio:.2f}",
        row["precision"],
        "" if share is None else f"{share:.0%}",
        str(row["settings"].get("batch_size") or ""),
        f"{row['labels_as_fp32']:.2%}",
        "" if row["changed_alone"] is None else f"{row['changed_alone']} of {row['asked_alone']}",
        "" if row["accuracy"] is None else f"{row['accuracy']:.2%}",
        _cosines(row),
    )
    return f"| {' | '.join(cells)} |"


def _cosines(row: Mapping[str, Any]) -> str:
    if row["cosine_mean"] is None:
        return ""
    return f"{row['cosine_mean']:.4f} / {row['cosine_least']:.4f}"
