"""The product on real servers, its DAGs run in this process by `dag.test()`.

PostgreSQL, the embedded AWS and MLflow are real processes on free loopback ports. The model is
the trivial one: what is tested is everything around it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support.airflow_home import (
    DAGS,
    REPOSITORY,
    initialise_metadata,
    use_temporary_airflow_home,
)
from tests.support.local_aws import HANGS_AFTER_S, LocalAws, clean_environment, local_aws
from tests.support.mlflow_server import mlflow_call, running_mlflow
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.quick_looks import quick_looks

__all__ = ["local_aws", "postgres_server"]

use_temporary_airflow_home()

LANES = """
[deadline_s]
demo = 60
trial = 60
standard = 600
enterprise = 3600

[attainment]
demo = 0.95
trial = 0.95
standard = 0.95
enterprise = 0.95

[lanes.serverless]
instance_type = "serverless-4096MB"
cold_start_s = 0.1
tokens_per_s = 10000
price_usd_per_h = 0.3
start_billed = false
max_documents = 5
source = "test"
weight = 1e6

[lanes.processing]
instance_type = "ml.c5.xlarge"
cold_start_s = 1
tokens_per_s = 10000
price_usd_per_h = 0.2
start_billed = true
max_documents = 20
source = "test"
weight = 1e6

[lanes.transform]
instance_type = "ml.g4dn.xlarge"
cold_start_s = 1
tokens_per_s = 10000
price_usd_per_h = 0.7
start_billed = true
source = "test"
weight = 1e6

[lanes.async_endpoint]
instance_type = "ml.g4dn.xlarge"
cold_start_s = 5
tokens_per_s = 10000
price_usd_per_h = 0.7
start_billed = true
tail_s = 60
max_instances = 2
source = "test"
weight = 1e6

[lanes.spot]
instance_type = "ml.g4dn.xlarge"
cold_start_s = 2
tokens_per_s = 10000
price_usd_per_h = 0.2
on_demand_usd_per_h = 0.7
start_billed = true
slack_factor = 2500
source = "test"
weight = 1e6
"""


BLANK_FORM = {
    "tier": None,
    "deadline_minutes": None,
    "model_name": None,
    "model_alias": "trivial",
    "joined_uris": [],
    "submission": None,
    "submitted_at": None,
}


@pytest.fixture(scope="session")
def mlflow_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server on SQLite, its artifacts in the embedded S3."""
    folder = tmp_path_factory.mktemp("mlflow")
    with running_mlflow(folder, artifacts="s3://twolane-mlflow") as url:
        yield url


@pytest.fixture(scope="session")
def product_environment(
    tmp_path_factory: pytest.TempPathFactory,
    local_aws: LocalAws,
    postgres_server: PostgresServer,
    mlflow_uri: str,
) -> dict[str, str]:
    """Migrated, provisioned, with the trivial model released; the variables that reach it."""
    lanes = tmp_path_factory.mktemp("lanes") / "lanes.toml"
    lanes.write_text(LANES)
    variables = {
        **local_aws.env,
        "MLFLOW_TRACKING_URI": mlflow_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "TWOLANE_MLFLOW_TRACKING_URI": mlflow_uri,
        "TWOLANE_DATABASE_URL": postgres_server.new_database(),
        "TWOLANE_LANES_FILE": str(lanes),
        "TWOLANE_IS_EMULATED": "true",
        "TWOLANE_SHARD_DOCUMENTS": "8",
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'plugins'}",
    }
    for command in (
        ["include.cli.migrate"],
        ["include.cli.provision", "--demo-accounts"],
        ["include.cli.release", "--trivial"],
    ):
        subprocess.run(
            [sys.executable, "-m", *command],
            check=True,
            cwd=REPOSITORY,
            env={**clean_environment(), **variables},
            timeout=HANGS_AFTER_S,
        )
    point_alias(mlflow_uri, "champion")
    return variables


def point_alias(mlflow_uri: str, alias: str) -> None:
    """Let an alias name the first version of the model."""
    mlflow_call(mlflow_uri, "registered-models/alias", name="news-topic", alias=alias, version="1")


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its state, its tasks' states, and the batch as the database has it."""

    run_id: str
    state: str
    tasks: dict[str, str]
    batch: dict[str, Any] | None


class Product:
    """Uploads files, runs DAGs in this process, reads both stores."""

    def __init__(self, aws: LocalAws, variables: dict[str, str]) -> None:
        from airflow.dag_processing.dagbag import DagBag

        self.aws = aws
        self._database_url = variables["TWOLANE_DATABASE_URL"]
        self._dags = DagBag(DAGS).dags
        for dag in self._dags.values():
            dag.deadline = None  # Airflow 3.3's `dag.test` cannot read it back; the scheduler can

    def upload(self, name: str, content: bytes) -> str:
        key = f"tests/{uuid.uuid4().hex}/{name}"
        self.aws.client("s3").put_object(Bucket="twolane-inbox", Key=key, Body=content)
        return f"s3://twolane-inbox/{key}"

    def infer(self, uri: str, account: str = "standard-harbor", **conf: Any) -> Outcome:
        """Run `document_inference` to its end."""
        return self.run("document_inference", form(uri, account, conf))

    def infer_express(self, uri: str, account: str = "trial-lumen", **conf: Any) -> Outcome:
        """Run `express_inference` to its end."""
        return self.run("express_inference", form(uri, account, conf))

    def run(
        self, dag_id: str, conf: dict[str, Any], meanwhile: Callable[[], None] | None = None
    ) -> Outcome:
        """Run a DAG to its end; `meanwhile` is called whenever none of its tasks runs."""
        with quick_looks(meanwhile):
            run = self._dags[dag_id].test(run_conf=conf)
        tasks = {each.task_id: str(each.state) for each in run.get_task_instances()}
        found = self.query("SELECT * FROM batch_summary WHERE run_id = %s", run.run_id)
        return Outcome(run.run_id, str(run.state), tasks, found[0] if found else None)

    def task(self, dag_id: str, task_id: str) -> Any:
        """A task as the runs of its DAG have it."""
        return self._dags[dag_id].get_task(task_id)

    def conf_of(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """What a run was started with by another DAG."""
        from airflow.models import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            query = select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
            return dict(session.scalars(query).one().conf)

    def query(self, text: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self._database_url, row_factory=dict_row) as connection:
            return connection.execute(text.encode(), values).fetchall()

    def items(self, batch_id: str) -> dict[str, dict[str, Any]]:
        """The write store's items of a batch, by document id."""
        client, found = self.aws.client("dynamodb"), {}
        for page in client.get_paginator("scan").paginate(TableName="twolane-predictions"):
            for item in page["Items"]:
                if item["sk"]["S"].endswith(f"#{batch_id}"):
                    found[item["pk"]["S"].split("#", 1)[1]] = item
        return found


@pytest.fixture(scope="session")
def product(local_aws: LocalAws, product_environment: dict[str, str]) -> Iterator[Product]:
    """The product, wired by environment as in production."""
    before = dict(os.environ)
    initialise_metadata()
    os.environ.update(product_environment)
    forget_settings()
    yield Product(local_aws, product_environment)
    os.environ.clear()
    os.environ.update(before)
    forget_settings()


def form(uri: str, account: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Every field, since `dag.test` leaves a run's values on the DAG for the next one."""
    return {**BLANK_FORM, "batch_uri": uri, "account": account, **changes}


def forget_settings() -> None:
    """Let the next composition read the environment anew."""
    from include.adapters.aws.clients import forget
    from include.config import load_settings
    from include.wiring.batches.bootstrap import twolane

    forget()
    twolane.cache_clear()
    load_settings.cache_clear()


def json_lines(*records: object) -> bytes:
    """Join records to a file; bytes are taken as they are."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in records]
    return b"\n".join(lines) + b"\n"


def sound(count: int) -> list[dict[str, str]]:
    """Documents without a fault."""
    return [{"id": f"d{i}", "text": f"text number {i}"} for i in range(count)]
