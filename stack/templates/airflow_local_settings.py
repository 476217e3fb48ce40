"""Loaded by every Airflow process; in the scheduler it imports what tasks would import.

The LocalExecutor forks its workers from the scheduler, so they inherit these modules and a task
starts in half a second where it would take two.
"""

import sys

WARM_MODULES = (
    "boto3",
    "great_expectations",
    "pandas",
    "psycopg",
    "pyarrow",
)

__all__: list[str] = []

if "scheduler" in sys.argv[1:2]:
    import importlib

    for _name in WARM_MODULES:
        importlib.import_module(_name)
