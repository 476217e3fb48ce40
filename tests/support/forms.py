"""A DAG's form, filled in."""

from __future__ import annotations

import copy
from typing import Any


def validated(dag: Any, conf: dict[str, Any]) -> Any:
    """Merge a run's conf into the DAG's params and validate, as the API server does."""
    params = copy.deepcopy(dag.params)
    params.update(conf)
    return params.validate()
