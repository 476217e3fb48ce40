"""The GPU benchmark: it says when there is no card, and its table says what binds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import __main__ as launcher
from benchmarks.gpu.table import markdown


def result(tokenizers_s: float) -> dict[str, Any]:
    def taken(seconds: float) -> dict[str, float]:
        return {"median": seconds, "least": seconds, "most": seconds}

    return {
        "device": "a card",
        "dtype": "bfloat16",
        "torch": "2",
        "machine": {"cores": 16},
        "tokenizers": 15,
        "documents": 1000,
        "tokens": 50_000,
        "flop": 2 * 10**12,
        "max_tokens": 256,
        "file": "news.jsonl",
        "budget_tokens": 65_536,
        "peak_tflops": 8.0,
        "smallest_cosine_to_fp32": 0.9999,
        "seconds": {
            "device alone": taken(0.5),
            "tokenizers alone": taken(tokenizers_s),
            "job": taken(1.0),
            "sentence-transformers, batches of 256": taken(6.0),
            "sentence-transformers, batches of 2048": taken(5.0),
        },
    }


def test_without_a_card_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(launcher, "CARD", tmp_path / "version")
    assert launcher.main(["news.jsonl"]) == 1
    assert "no NVIDIA card here, nothing was measured" in capsys.readouterr().err


def test_the_device_is_measured_against_its_peak() -> None:
    text = markdown(result(0.2))
    assert "| device alone | 2,000 | 100,000 | 4.00 | 50% |" in text
    assert "The device binds: the job reaches 50% of its own rate." in text
    assert "The job is 5.0 × the faster peer." in text


def test_where_the_tokenizers_bind_they_are_the_limit() -> None:
    assert "The tokenizers bind: the job reaches 90% of what they do alone." in markdown(
        result(0.9)
    )
