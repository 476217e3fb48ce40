"""What holds for every DAG of ours."""

from __future__ import annotations

import ast
import json

import pytest
import yaml

from include.config import Settings
from stack.environment import render_environment
from stack.passwords import generate
from stack.paths import Paths
from stack.settings import Ports
from tests.support.airflow_home import REPOSITORY

DAGS = REPOSITORY / "dags"
DAG_IDS = sorted(path.stem for path in DAGS.glob("*.py"))


def test_every_file_gives_one_dag_of_its_name(dag_bag):
    assert dag_bag.import_errors == {}
    assert sorted(dag_bag.dags) == DAG_IDS


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_files_docstring_is_the_dags_page(dag_bag, dag_id):
    docstring = ast.get_docstring(ast.parse((DAGS / f"{dag_id}.py").read_text()), clean=False)

    assert docstring
    assert dag_bag.dags[dag_id].doc_md == docstring


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_dag_can_be_found_by_its_tag(dag_bag, dag_id):
    assert dag_bag.dags[dag_id].tags in (
        {"inference"},
        {"models"},
        {"money"},
        {"operations"},
    )


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_task_is_tried_again_and_reports_its_failure(dag_bag, dag_id):
    from twolane_airflow.failures import close_as_failed
    from twolane_airflow.tasks.releases import report_failed

    report = report_failed if dag_id == "release_model" else close_as_failed
    for task in dag_bag.dags[dag_id].tasks:
        arguments = task.partial_kwargs if task.is_mapped else vars(task)
        callbacks = arguments["on_failure_callback"]
        assert arguments["retries"] == 5, task.task_id
        assert callbacks in (report, [report], (report,)), task.task_id


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_scheduler_can_store_it(dag_bag, dag_id):
    from airflow.serialization.serialized_objects import DagSerialization

    dag = dag_bag.dags[dag_id]

    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))

    assert sorted(stored.task_dict) == sorted(dag.task_dict)


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_task_has_slots_of_its_own_kind(dag_bag, dag_id):
    pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())

    assert {task.pool for task in dag_bag.dags[dag_id].tasks} <= pools.keys()


def test_bulk_work_can_never_hold_every_call_that_the_endpoint_takes():
    pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())
    default = {name: field.default for name, field in Settings.model_fields.items()}

    calls = pools["bulk"]["slots"] * default["serverless_concurrency"]
    assert calls < default["serverless_max_concurrency"]


def test_bulk_work_can_never_hold_the_slots_of_the_others():
    pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())
    astro = yaml.safe_load((REPOSITORY / "airflow_settings.yaml").read_text())["airflow"]["pools"]
    paths = Paths(root=REPOSITORY, state=REPOSITORY / ".twolane")
    environment = render_environment(paths, Ports(), generate())

    parallelism = int(environment["AIRFLOW__CORE__PARALLELISM"])
    assert sum(pool["slots"] for pool in pools.values()) == parallelism
    assert {each["pool_name"]: each["pool_slot"] for each in astro} == {
        name: pool["slots"] for name, pool in pools.items()
    }
