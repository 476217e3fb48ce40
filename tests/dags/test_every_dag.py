"""What holds for every DAG of ours."""

from __future__ import annotations

import ast

import pytest

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
    assert dag_bag.dags[dag_id].tags == {"inference"}


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_task_is_tried_again_and_reports_its_failure(dag_bag, dag_id):
    from twolane_airflow.failures import close_as_failed

    for task in dag_bag.dags[dag_id].tasks:
        arguments = task.partial_kwargs if task.is_mapped else vars(task)
        callbacks = arguments["on_failure_callback"]
        assert task.retries == 2, task.task_id
        assert callbacks in (close_as_failed, [close_as_failed], (close_as_failed,)), task.task_id


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_scheduler_can_store_it(dag_bag, dag_id):
    from airflow.serialization.serialized_objects import DagSerialization

    dag = dag_bag.dags[dag_id]

    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))

    assert sorted(stored.task_dict) == sorted(dag.task_dict)
