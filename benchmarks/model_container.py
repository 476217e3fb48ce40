"""The model container alone: start, latency, throughput, memory, and labels by batch or alone.

Needs a trained artifact folder and no running stack:
    python -m benchmarks.model_container MODEL_FOLDER [DOCUMENTS.jsonl]

Documents default to the product's sample, repeated; where they have labels, accuracy is shown.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.ports import free_port

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
PYTHON = ROOT / ".twolane" / "venvs" / "serving" / "bin" / "python"
ENTRY = ROOT / "include" / "models" / "entrypoint.py"
MIN_DOCUMENTS = 4_000
ALONE = 600
PAYLOAD = 1_000


@dataclass
class Container:
    """A serving container and a connection to it."""

    process: subprocess.Popen[bytes]
    connection: http.client.HTTPConnection

    def classify(self, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send one payload, return its answers."""
        lines = [json.dumps({"id": d["id"], "text": d["text"]}) for d in documents]
        headers = {"Content-Type": "application/jsonlines"}
        self.connection.request("POST", "/invocations", "\n".join(lines).encode(), headers)
        return [json.loads(x) for x in self.connection.getresponse().read().splitlines()]

    def memory_mib(self) -> tuple[float, float]:
        """Resident memory now and at its peak, MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        now, peak = (re.search(rf"{key}:\s+(\d+)", status) for key in ("VmRSS", "VmHWM"))
        return (int(now[1]) / 1024 if now else 0.0, int(peak[1]) / 1024 if peak else 0.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("documents", type=Path, nargs="?", default=SAMPLE)
    options = parser.parse_args()
    documents = _documents(options.documents)
    started = time.perf_counter()
    with _serving(options.model.resolve()) as container:
        container.classify(documents[:1])
        print(f"start to first answer   {time.perf_counter() - started:8.2f} s")
        _latency(container, documents)
        together = _throughput(container, documents)
        print("resident, at the peak   {:8.0f} MiB, {:.0f} MiB".format(*container.memory_mib()))
        _independence(container, documents, together)
    if "label" in documents[0]:
        right = [a["label"] == d["label"] for a, d in zip(together, documents, strict=True)]
        print(f"accuracy                {statistics.mean(right):8.1%} of {len(right):,}")


def _latency(container: Container, documents: list[dict[str, Any]]) -> None:
    taken_ms = []
    for document in documents[:ALONE]:
        before = time.perf_counter()
        container.classify([document])
        taken_ms.append(1000 * (time.perf_counter() - before))
    cuts = statistics.quantiles(taken_ms[ALONE // 4 :], n=100)
    print(f"one document, p50, p99  {cuts[49]:8.1f} ms, {cuts[98]:.1f} ms")


def _throughput(container: Container, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    rates = []
    for _ in range(3):
        before = time.perf_counter()
        answers = []
        for start in range(0, len(documents), PAYLOAD):
            answers += container.classify(documents[start : start + PAYLOAD])
        rates.append(len(documents) / (time.perf_counter() - before))
        print(f"payloads of {PAYLOAD:,}       {rates[-1]:8.0f} documents/s")
    return answers


def _independence(
    container: Container, documents: list[dict[str, Any]], together: list[dict[str, Any]]
) -> None:
    pairs = [(container.classify([d])[0], b) for d, b in zip(documents[:ALONE], together)]  # noqa: B905
    flips = sum(a["label"] != b["label"] for a, b in pairs)
    moved = max(abs(a["score"] - b["score"]) for a, b in pairs)
    print(
        f"alone against in batch  {flips:8} of {ALONE} labels differ, score moved by ≤ {moved:.4f}"
    )


def _documents(path: Path) -> list[dict[str, Any]]:
    given = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return given * -(-MIN_DOCUMENTS // len(given))


@contextmanager
def _serving(model: Path) -> Iterator[Container]:
    port = free_port()
    with tempfile.TemporaryDirectory() as root:
        (Path(root) / "model").symlink_to(model)
        env = {"PATH": os.environ["PATH"], "ML_ROOT": root}
        env |= {"SAGEMAKER_BIND_TO_PORT": str(port), "SAGEMAKER_BIND_TO_HOST": "127.0.0.1"}
        process = subprocess.Popen([str(PYTHON), str(ENTRY), "serve"], env=env)
        try:
            yield Container(process, _connected(port, process))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _connected(port: int, process: subprocess.Popen[bytes]) -> http.client.HTTPConnection:
    while process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.01)
        else:
            return connection
    raise SystemExit(f"the container ended with exit code {process.returncode}")


if __name__ == "__main__":
    main()
