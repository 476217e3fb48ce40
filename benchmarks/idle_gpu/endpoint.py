"""An endpoint of the running stack that is given work, left alone, and looked at."""

from __future__ import annotations

import math
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row, tuple_row

from benchmarks.page.compare import shown_to_a_client
from benchmarks.pinned_lane import pin
from include.adapters.aws.clients import client
from include.config import load_settings
from include.domain.lanes import Lane
from include.files.lanes_file import load_lanes
from stack.airflow_api import FINAL_STATES, AirflowApi
from stack.demo_documents import write_documents
from stack.environment import ADMIN
from stack.figures import Figures, FiguresReader
from stack.passwords import load_or_generate
from stack.paths import Paths

ACCOUNT = "enterprise-meridian"
DAG_ID = "document_inference"
VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}

T = TypeVar("T")


class IdleEndpoint:
    """The asynchronous endpoint of the running stack, as the stack's environment has it."""

    def __init__(self) -> None:
        environment = dict(os.environ)
        passwords, _ = load_or_generate(Paths.default().passwords_file)
        self.settings = load_settings()
        self._password = passwords.airflow_admin
        self._address = environment["AIRFLOW__API__BASE_URL"]
        self._api = AirflowApi(self._address, ADMIN, self._password)
        self._figures = FiguresReader(environment)
        self._database_url = environment["TWOLANE_DATABASE_URL"]
        self._s3 = client("s3")
        self._sagemaker: Any = client("sagemaker")
        self._scaling: Any = client("application-autoscaling")

    def run_batch(self, documents: int) -> Figures:
        """Return a batch that ran on the asynchronous lane, once it is in both stores."""
        key = f"idle-gpu-{uuid.uuid4().hex[:12]}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "batch.jsonl"
            write_documents(path, documents, seed=int(time.time()))
            name = f"submissions/{ACCOUNT}/{key}/{path.name}"
            self._s3.upload_file(str(path), self.settings.inbox_bucket, name)
        uri = f"s3://{self.settings.inbox_bucket}/{name}"
        conf = {"batch_uri": uri, "account": ACCOUNT, "submission": key, "deadline_minutes": 60}
        run_id = self._api.trigger(DAG_ID, conf)
        query = "SELECT batch_id FROM batches WHERE submission_key = %s"
        ((batch_id,),) = until(lambda: self.rows(query, key))
        profiles = load_lanes(self.settings.lanes_file)
        lane = Lane.ASYNC_ENDPOINT
        pin(self._s3, self.settings.work_bucket, batch_id, lane, profiles)
        until(lambda: self._api.run_state(DAG_ID, run_id) in FINAL_STATES, look_s=0.5)
        figures = self._figures.by_batch(batch_id)
        if figures is None or figures.lane != lane.value or not figures.adds_up:
            raise RuntimeError(f"the batch did not do as it should: {figures}")
        return figures

    def endpoint_of(self, batch: Figures) -> str:
        """Return the name of the endpoint that answered a batch."""
        query = "SELECT resource_id FROM charges WHERE x_batch_id = %s"
        ((name,),) = until(lambda: self.rows(query, batch.batch_id))
        return str(name)

    def instances(self, endpoint: str) -> int:
        """Return how many instances an endpoint has now."""
        found = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        return int(found["ProductionVariants"][0]["CurrentInstanceCount"])

    @contextmanager
    def without_own_scaling(self, endpoint: str) -> Iterator[None]:
        """Have an endpoint not scale in by itself."""
        resource = {**VARIANT, "ResourceId": f"endpoint/{endpoint}/variant/all"}

        def suspend(is_suspended: bool) -> None:
            state = {"DynamicScalingInSuspended": is_suspended}
            self._scaling.register_scalable_target(**resource, SuspendedState=state)

        suspend(True)
        try:
            yield
        finally:
            suspend(False)

    def wait_for_zero(self, endpoint: str, timeout_s: float) -> dict[str, Any]:
        """Return the row of `savings`, once the watch has taken the endpoint to zero.

        Raises:
            TimeoutError: it was not taken to zero, or not by the watch.
        """
        left_at = datetime.now(UTC)
        until(lambda: self.instances(endpoint) == 0, timeout_s, look_s=0.5)
        query = "SELECT * FROM savings WHERE resource_id = %s AND at >= %s"
        return dict(until(lambda: self.rows(query, endpoint, left_at), timeout_s=30.0)[0])

    def page_agrees(self) -> bool:
        """Return whether the Costs page shows what `savings` sums up to; looks go on meanwhile."""
        query = "SELECT sum(list_saved_usd) FROM savings WHERE at::date BETWEEN %s AND %s"

        def agrees() -> bool:
            shown = shown_to_a_client(self._address, ADMIN, self._password)
            ((saved_usd,),) = self.rows(query, shown.first, shown.last)
            return math.isclose(shown.figures["list_saved_usd"], saved_usd, rel_tol=1e-9)

        return any(agrees() for _ in range(3))

    def sample(self, endpoint: str, at: datetime) -> float | None:
        """Return the utilisation that the last look up to a moment saw; None for no metric."""
        query = (
            "SELECT utilisation FROM gpu_samples WHERE resource_id = %s AND at <= %s "
            "ORDER BY at DESC LIMIT 1"
        )
        ((utilisation,),) = self.rows(query, endpoint, at)
        return None if utilisation is None else float(utilisation)

    def rows(self, text: str, *values: Any) -> list[Any]:
        """Return what a query finds: dictionaries of whole rows, else tuples."""
        factory: Any = dict_row if text.startswith("SELECT *") else tuple_row
        with psycopg.connect(self._database_url, row_factory=factory) as connection:
            return list(connection.execute(text.encode(), values).fetchall())


def until(read: Callable[[], T], timeout_s: float = 600.0, look_s: float = 0.05) -> T:
    """Return what `read` gives once it gives something. Raises `TimeoutError`."""
    deadline = time.monotonic() + timeout_s
    while not (found := read()):
        if time.monotonic() > deadline:
            raise TimeoutError("the stack did not come so far")
        time.sleep(look_s)
    return found
