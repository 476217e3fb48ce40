"""An Airflow of the tests' own: its environment must stand before Airflow is first imported."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DAGS = REPOSITORY / "dags"


@cache
def use_temporary_airflow_home() -> Path:
    """Point Airflow at a fresh home with SQLite; return the home. One a process."""
    home = Path(tempfile.mkdtemp(prefix="twolane-airflow-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "DO_NOT_TRACK": "1",
        }
    )
    return home


@cache
def initialise_metadata() -> None:
    """Make the metadata database of the temporary home, once a process."""
    use_temporary_airflow_home()
    from airflow.utils.db import initdb

    initdb()
