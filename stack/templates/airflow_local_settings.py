"""Loaded by every Airflow process: batches' priorities; the scheduler imports what tasks would.

The LocalExecutor forks its workers from the scheduler, so they inherit these modules and a task
starts in half a second where it would take two. A module that is missing stops the scheduler: it
would stop every task.
"""

import sys
from typing import Any

WARM_MODULES = (
    "airflow.providers.standard.decorators.branch_python",
    "airflow.providers.standard.decorators.short_circuit",
    "airflow.providers.standard.operators.trigger_dagrun",
    "include.adapters.aws.sagemaker.async_endpoint.async_endpoint",
    "include.adapters.aws.sagemaker.async_endpoint.async_provision",
    "include.adapters.aws.sagemaker.async_endpoint.async_scaling",
    "include.adapters.aws.clients",
    "include.adapters.aws.messaging.lane_alerts",
    "include.adapters.aws.s3.object_store",
    "include.adapters.aws.messaging.queues",
    "include.adapters.aws.sagemaker.serverless.sagemaker_endpoint",
    "include.adapters.aws.sagemaker.jobs.sagemaker_jobs",
    "include.adapters.aws.sagemaker.sagemaker_models",
    "include.adapters.aws.dynamodb.write_store",
    "include.adapters.document_files",
    "include.adapters.mlflow_registry",
    "include.adapters.postgres.accounts",
    "include.adapters.postgres.lanes.lane_health",
    "include.adapters.postgres.batches.proof_book",
    "include.adapters.postgres.batches.queue_ledger",
    "include.adapters.postgres.batches.read_store",
    "include.adapters.quality",
    "include.adapters.quality.validator",
    "include.wiring.batches.bootstrap",
    "include.pipeline.queues.admit_message",
    "include.pipeline.batch_objects.batch_layout",
    "include.pipeline.batch.close_batch",
    "include.pipeline.batch.collect_batch",
    "include.pipeline.lanes.health",
    "include.pipeline.batch.load_batch",
    "include.pipeline.batch_objects.near_objects",
    "include.pipeline.batch.nightly_inbox",
    "include.pipeline.batch.pull_batch",
    "include.pipeline.batch.route_batch",
    "include.pipeline.lanes.async_endpoint.run_async",
    "include.pipeline.batch.run_express",
    "include.pipeline.lanes.jobs.run_job",
    "include.pipeline.lanes.serverless.run_serverless",
    "include.pipeline.lanes.spot.run_spot",
    "include.pipeline.queues.settle_message",
    "include.pipeline.batch.validate_batch",
    "include.pipeline.lanes.watched_driver",
    "psycopg",
    "twolane_airflow.tasks.express",
    "twolane_airflow.operators.lane",
    "twolane_airflow.tasks.steps",
)

__all__ = ["task_instance_mutation_hook"]


def task_instance_mutation_hook(task_instance: Any, dag_run: Any) -> None:
    """Let the batch that is due first go first; Airflow calls it as it makes task instances."""
    from twolane_airflow.priority import by_deadline

    by_deadline(task_instance, dag_run)


if "scheduler" in sys.argv[1:2]:
    import importlib

    for _name in WARM_MODULES:
        importlib.import_module(_name)

    # Compiles the quality suites, which takes seconds the first time in a process.
    sys.modules["include.adapters.quality"].GreatExpectationsGate(
        max_document_characters=1_000
    ).warm_up()
    sys.modules["include.adapters.aws.clients"].warm_up(
        ("s3", "dynamodb", "sagemaker", "sagemaker-runtime")
    )
