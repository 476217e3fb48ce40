"""A DAG file is parsed again and again: it imports no heavy module, and no adapter."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.airflow_home import REPOSITORY

DAGS = REPOSITORY / "dags"
PLUGINS = REPOSITORY / "plugins"
HEAVY = {
    *("boto3", "botocore", "great_expectations", "mlflow", "numpy"),
    *("pandas", "psycopg", "pyarrow", "sagemaker"),
}

# airflow.sdk itself imports pydantic and SQLAlchemy, which is why they are not in the list.
PROGRAM = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("parsed_dag", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print("\\n" + json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module", params=sorted(DAGS.glob("*.py")), ids=lambda path: path.stem)
def imported(request, tmp_path_factory) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded behind a DAG file."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(request.param)],
        env={
            "PATH": os.environ["PATH"],
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
            "PYTHONPATH": f"{REPOSITORY}:{PLUGINS}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_no_heavy_module(imported):
    assert imported & HEAVY == set()


def test_of_the_product_only_the_domain(imported):
    ours = {name for name in imported if name.split(".")[0] == "include"}

    assert ours
    assert {name for name in ours if not name.startswith("include.domain")} <= {"include"}
