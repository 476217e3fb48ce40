"""MLflow's own client, quiet and not too patient, and its errors in our words.

Slow to import: for what happens to models, never for a batch's task.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT,
)
from mlflow.exceptions import MlflowException

from include.domain.errors import ReleaseFailed

MAX_RETRIES = 3
"""Of a request: 2, 4 and 8 s apart, in which a server starts again. MLflow's own 7 keep a command
silent for four minutes where there is no server."""

_MAX_NAME_CHARACTERS = 240
"""MLflow's limit is 250; the rest is for a number."""
_UNUSABLE = re.compile(r"[^\w\-. :/]")
"""What a metric's name may not hold; a label may."""


def configure() -> None:
    """Keep MLflow's client from telling what nobody asked for, and from trying for minutes.

    What the environment says stands.
    """
    # The SageMaker plugin warns at every request that a tracking URI is no ARN.
    logging.getLogger("mlflow.tracking.request_header.registry").setLevel(logging.ERROR)
    os.environ.setdefault(MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.name, "true")
    os.environ.setdefault(MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.name, "false")
    os.environ.setdefault(MLFLOW_HTTP_REQUEST_MAX_RETRIES.name, str(MAX_RETRIES))


def mlflow_client(tracking_uri: str) -> MlflowClient:
    """Return a client of one server, for runs and for registered models."""
    configure()
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Translate MLflow's errors, saying what was being done.

    Raises:
        ReleaseFailed: the server refused, or did not answer.
    """
    try:
        yield
    except MlflowException as exc:
        raise ReleaseFailed(f"{doing}: {exc.message}") from exc
    except OSError as exc:  # requests' connection errors are among them
        raise ReleaseFailed(f"{doing}: {exc}") from exc


def as_metrics(values: Mapping[str, float]) -> dict[str, float]:
    """Return figures under names that MLflow takes, as labels stand in some of them.

    What it refuses in a name is written `_`; of names that are then alike, further ones end in -2,
    -3 and so on.
    """
    named: dict[str, float] = {}
    for name, value in values.items():
        first = key = _metric_name(name)
        number = 1
        while key in named:
            number += 1
            key = f"{first}-{number}"
        named[key] = value
    return named


def _metric_name(name: str) -> str:
    key = _UNUSABLE.sub("_", name)[:_MAX_NAME_CHARACTERS]
    # As a path it must be the shortest one of its kind: none of a//b, a/., a/.. and a/
    return key if posixpath.normpath(key) == key else key.replace("/", "_")
