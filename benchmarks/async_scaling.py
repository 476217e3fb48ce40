"""`python -m benchmarks.async_scaling`: an asynchronous endpoint from zero to n and back to zero.

Starts an embedded AWS of its own, provisions the endpoint by the product's adapters, lets it go to
zero, wakes it with one request, sends a burst, and waits until it is at zero again. What happened
is read from CloudWatch alone. Time is compressed: a minute of AWS takes MINUTE_S here (emulated).
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.__main__ import RESULTS, machine
from benchmarks.async_chart import chart
from benchmarks.async_observer import EndpointObserver, Period
from benchmarks.embedded_aws import IMAGE, ROOT, embedded_aws
from include.adapters.aws.clients import client
from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import SageMakerAsyncEndpoint
from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints, AsyncSize
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import (
    VARIANT,
    EndpointScaling,
    ScalingRule,
)
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite
from include.domain.model_ref import ModelRef
from include.pipeline.lanes.async_endpoint.ports import AcceptedRequest

MINUTE_S = 4
BURST = 40
DOCUMENTS = 60_000
MAX_INSTANCES = 4
BACKLOG_PER_INSTANCE = 4.0
PHASE_TIMEOUT_S = 300.0
BUCKET = "twolane-work"
ARTIFACT = ROOT / "include" / "models" / "contract" / "trivial_model"
CHART = ROOT / "docs" / "images" / "async-scaling.svg"
ROLE = "arn:aws:iam::000000000000:role/twolane-sagemaker"


class Scaling:
    """One endpoint, its payload, and an observer of its metrics."""

    def __init__(self) -> None:
        self._s3: Any = client("s3")
        self._s3.create_bucket(Bucket=BUCKET)
        rule = ScalingRule(MAX_INSTANCES, BACKLOG_PER_INSTANCE)
        scaling = EndpointScaling(client("application-autoscaling"), client("cloudwatch"), rule)
        size = AsyncSize("ml.g4dn.xlarge", 1, f"s3://{BUCKET}/async/")
        site = ServingSite(image_uri=IMAGE, role_arn=ROLE)
        endpoints = AsyncEndpoints(client("sagemaker"), scaling, site=site, size=size)
        runtime = client("sagemaker-runtime")
        metrics = EndpointMetrics(client("cloudwatch"))
        self._endpoint = SageMakerAsyncEndpoint(endpoints, runtime, metrics)
        self.name = self._prepare()
        self.observer = EndpointObserver(client("cloudwatch"), self.name, VARIANT, MINUTE_S)
        self._payload = self._put("payload.jsonl", _documents(DOCUMENTS))

    def _prepare(self) -> str:
        model = ModelRef("news-topic", "1", "0" * 64)
        url = self._put("model.tar.gz", _archive(ARTIFACT))
        while True:
            ready = self._endpoint.prepare(model, artifact_url=url)
            if ready.is_ready:
                return ready.name
            time.sleep(0.2)

    def send(self, number: int) -> AcceptedRequest:
        """Put one request into the queue."""
        return self._endpoint.send(self.name, self._payload, inference_id=f"burst-{number:03d}")

    def answered_documents(self, request: AcceptedRequest) -> int:
        """Return the lines of an answer."""
        bucket, _, key = request.output_uri.removeprefix("s3://").partition("/")
        body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return int(body.count(b"\n"))

    def wait(self, what: str, since_s: float, is_so: Callable[[list[Period]], bool]) -> float:
        """Wait until the metrics show it; return the seconds that took.

        Raises:
            RuntimeError: they do not show it in time.
        """
        start = time.time()
        while time.time() - start < PHASE_TIMEOUT_S:
            if is_so(self.observer.periods(since_s, time.time())):
                print(f"{time.time() - start:6.1f} s  {what}")
                return round(time.time() - start, 1)
            time.sleep(MINUTE_S / 4)
        raise RuntimeError(f"CloudWatch does not show it after {PHASE_TIMEOUT_S:g} s: {what}")

    def _put(self, key: str, body: bytes) -> str:
        self._s3.put_object(Bucket=BUCKET, Key=f"bench/{key}", Body=body)
        return f"s3://{BUCKET}/bench/{key}"


def run(scaling: Scaling) -> dict[str, Any]:
    """Go from zero to n and back; return what CloudWatch showed."""
    started_s = time.time()
    observer = scaling.observer
    seconds = {"to_zero_at_first": scaling.wait("at zero, nothing to do", started_s, _is_at_zero)}
    woken_s = time.time()
    requests = [scaling.send(0)]
    seconds["woken_by_one_request"] = scaling.wait(
        "one request is answered", woken_s, lambda periods: sum(p.answered for p in periods) >= 1
    )
    burst_s = time.time()
    requests += [scaling.send(number) for number in range(1, BURST + 1)]
    seconds["burst_answered"] = scaling.wait(
        f"{BURST} requests are answered",
        woken_s,
        lambda periods: sum(p.answered for p in periods) >= BURST + 1,
    )
    seconds["to_zero_again"] = scaling.wait("at zero again", time.time(), _is_at_zero)
    end_s = time.time()
    periods = observer.periods(started_s, end_s)
    in_burst = [period.instances for period in periods if period.at_s >= burst_s]
    documents = [scaling.answered_documents(request) for request in requests]
    answered = observer.total("InvocationsProcessed", started_s, end_s)
    return {
        "minute_s": MINUTE_S,
        "requests": len(requests),
        "documents_a_request": DOCUMENTS,
        "answered": answered,
        "failures": observer.total("InvocationFailures", started_s, end_s),
        "answers_complete": sum(count == DOCUMENTS for count in documents),
        "max_instances": max(in_burst, default=0),
        "instances": _steps(periods),
        "seconds": seconds,
        "periods": [
            {**asdict(period), "at_s": period.at_s - periods[0].at_s} for period in periods
        ],
        "goal_met": answered == len(requests)
        and all(count == DOCUMENTS for count in documents)
        and max(in_burst, default=0) > 1,
    }


def _is_at_zero(periods: list[Period]) -> bool:
    """Whether the last two periods with data show no request and no instance."""
    seen = [period for period in periods if period.backlog is not None][-2:]
    return len(seen) == 2 and not any(period.backlog or period.instances for period in seen)


def _steps(periods: list[Period]) -> list[int]:
    """Return the instance counts in the order they were reached."""
    steps: list[int] = []
    for period in periods:
        if period.backlog is not None and (not steps or steps[-1] != period.instances):
            steps.append(period.instances)
    return steps


def show(result: dict[str, Any]) -> None:
    """Print a line a period: backlog and instances."""
    print("  time s  backlog  instances  answered")
    for period in result["periods"]:
        backlog = "" if period["backlog"] is None else f"{period['backlog']:.0f}"
        stranded = "  no capacity" if period["has_backlog_without_capacity"] else ""
        bar = "#" * period["instances"]
        print(f"{period['at_s']:8d} {backlog:>8} {bar:<10} {period['answered']:>8}{stranded}")


def _documents(count: int) -> bytes:
    text = "Shares of the two carriers rose on Tuesday as fuel fell and bookings held. "
    lines = (
        json.dumps({"id": f"d{number}", "text": f"{number} {text}"}) for number in range(count)
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _archive(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return buffer.getvalue()


def main() -> int:
    """Run, show and write the result; return 1 when the burst was not answered whole."""
    with tempfile.TemporaryDirectory(prefix="twolane-bench-") as folder:
        factor, period = str(60 / MINUTE_S), str(MINUTE_S)
        options = ("--time-factor", factor, "--metrics-period", period)
        with embedded_aws(Path(folder), *options):
            result = run(Scaling())
    show(result)
    result["machine"] = machine()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "async_scaling.json").write_text(json.dumps(result, indent=2) + "\n")
    CHART.write_text(chart(result))
    print(f"instances: {' → '.join(map(str, result['instances']))}")
    return 0 if result["goal_met"] else 1


if __name__ == "__main__":
    sys.exit(main())
