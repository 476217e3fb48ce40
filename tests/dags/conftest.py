"""The DAGs, parsed as the DAG processor parses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.airflow_home import DAGS, initialise_metadata, use_temporary_airflow_home

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

use_temporary_airflow_home()


@pytest.fixture(scope="session")
def dag_bag() -> DagBag:
    initialise_metadata()
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(DAGS)


@pytest.fixture(scope="session")
def document_inference(dag_bag: DagBag) -> DAG:
    return dag_bag.dags["document_inference"]


@pytest.fixture(scope="session")
def nightly_enterprise(dag_bag: DagBag) -> DAG:
    return dag_bag.dags["nightly_enterprise"]
