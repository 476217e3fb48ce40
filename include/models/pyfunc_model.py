"""The served model as an MLflow pyfunc, by MLflow's "models from code".

MLflow runs this file when it logs or loads the model, with `serving` beside it. The runtime is
imported only when a model is loaded, so logging needs none of the container's requirements.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class NewsTopicModel(PythonModel):  # type: ignore[misc]
    """Rows of `id` and `text` in; `id`, `label`, `score`, `stage`, `heads`, `error` out."""

    def load_context(self, context: Any) -> None:
        """Start the serving engine on the logged artifact."""
        from serving.commands import build_engine
        from serving.metering import Meter
        from serving.settings import ContainerSettings

        settings = ContainerSettings.from_environment(os.environ)
        self._engine = build_engine(Path(context.artifacts["artifact"]), settings, Meter())

    # MLflow would read type hints as a schema; the logged signature is the schema.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Classify a data frame, or a list of objects, with the container's own engine."""
        from serving.wire import parse_fields

        rows = model_input
        if hasattr(rows, "to_dict"):
            rows = rows.to_dict(orient="records")
        parsed = [parse_fields(row.get("id"), row.get("text")) for row in rows]
        return [_row(answer) for answer in self._engine.answers(parsed)]


def _row(answer: Any) -> dict[str, Any]:
    """Every column of one answer; None where it has nothing to say."""
    from dataclasses import asdict

    from serving.records import Prediction

    columns: dict[str, Any] = dict.fromkeys(("id", "label", "score", "stage", "heads", "error"))
    if not isinstance(answer, Prediction):
        return columns | {"id": answer.id, "error": answer.code.value}
    heads = {head.name: {"label": head.label, "score": head.score} for head in answer.heads}
    return columns | asdict(answer) | {"heads": heads or None}


set_model(NewsTopicModel())
