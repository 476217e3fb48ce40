"""The result as a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def markdown(result: Mapping[str, Any]) -> str:
    """Rates, ratios to the job's own limits, and the peak that they are measured against."""
    documents, tokens, flop = result["documents"], result["tokens"], result["flop"]
    seconds = {name: taken["median"] for name, taken in result["seconds"].items()}
    lines = [
        f"{result['device']}, {result['dtype']}, torch {result['torch']}; "
        f"{result['machine']['cores']} cores, {result['tokenizers']} tokenizing processes; "
        f"{documents:,} documents of {tokens / documents:.0f} tokens ({result['file']}, cut at "
        f"{result['max_tokens']}); passes of {result['budget_tokens']:,} tokens",
        "",
        "| | documents/s | tokens/s | TFLOP/s | of the peak |",
        "|---|---|---|---|---|",
    ]
    for name, taken in seconds.items():
        # The tokenizers do no arithmetic of the model.
        tflops = 0 if name == "tokenizers alone" else flop / taken / 1e12
        share = tflops / result["peak_tflops"] if result["peak_tflops"] else 0
        work = f"{tflops:.2f} | {share:.0%}" if tflops else " | "
        lines.append(f"| {name} | {documents / taken:,.0f} | {tokens / taken:,.0f} | {work} |")
    lines += ["", f"Matrix-product peak: {result['peak_tflops']} TFLOP/s in {result['dtype']}."]
    limit = max(seconds["tokenizers alone"], seconds["device alone"])
    bound = "tokenizers" if limit == seconds["tokenizers alone"] else "device"
    lines.append(
        f"The {bound} bind: the job reaches {limit / seconds['job']:.0%} of what they do alone."
        if bound == "tokenizers"
        else f"The device binds: the job reaches {limit / seconds['job']:.0%} of its own rate."
    )
    peers = [taken for name, taken in seconds.items() if name.startswith("sentence-transformers")]
    if peers:
        lines.append(f"The job is {min(peers) / seconds['job']:.1f} × the faster peer.")
    lines.append(f"Smallest cosine to the fp32 embedding: {result['smallest_cosine_to_fp32']}.")
    return "\n".join(lines)
