"""The DAGs, parsed as the DAG processor parses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.airflow_home import REPOSITORY, prepare_airflow

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG


@pytest.fixture(scope="session")
def dag_bag() -> DagBag:
    prepare_airflow()
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(REPOSITORY / "dags")


@pytest.fixture(scope="session")
def document_inference(dag_bag: DagBag) -> DAG:
    return dag_bag.dags["document_inference"]


@pytest.fixture(scope="session")
def nightly_enterprise(dag_bag: DagBag) -> DAG:
    return dag_bag.dags["nightly_enterprise"]
