"""A model under evaluation: unpacked, on the engine it will be served by, asked and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from serving.artifact import MODEL_FILE, unpack
from serving.engine import Engine
from serving.metering import Meter
from serving.records import Prediction, Record
from serving.settings import ContainerSettings

from .artifact_description import METRICS_FILE, read_json, write_json
from .documents import LabelledDocument

BuildEngine = Callable[..., Engine]

_FEWEST = 32
"""Documents of a round, at least."""


class EvaluationError(Exception):
    """A model has no answer to a document; the message names both."""


@dataclass
class Contestant:
    """A model that is ready to be asked.

    Attributes:
        key: the model's.
        engine: answers.
        meter: of the engine.
        description: its `model.json`.
        metrics: its `metrics.json`, empty where it has none.
        archive_bytes: of `model.tar.gz`.
    """

    key: str
    engine: Engine
    meter: Meter
    description: Mapping[str, Any]
    metrics: Mapping[str, Any]
    archive_bytes: int

    @classmethod
    def load(
        cls, archive: Path, folder: Path, with_cascade: bool, env: Mapping[str, str]
    ) -> Contestant:
        """Unpack an archive and start an engine on it.

        Args:
            archive: `<key>/model.tar.gz`.
            folder: where to unpack.
            with_cascade: whether its cascade, if it has one, is used.
            env: of the container; `MODEL_ENGINE` says whose engine.

        Raises:
            ArtifactError: the artifact cannot be used.
        """
        unpack(archive, folder)
        if not with_cascade:
            _without_cascade(folder / MODEL_FILE)
        meter = Meter()
        image = "torch_engine" if env.get("MODEL_ENGINE") == "torch" else "serving"
        build: BuildEngine = import_module(f"{image}.commands").build_engine
        settings = ContainerSettings.from_environment(env)
        metrics = folder / METRICS_FILE
        return cls(
            key=archive.parent.name,
            engine=build(folder, settings, meter, is_job=True),
            meter=meter,
            description=read_json(folder / MODEL_FILE),
            metrics=read_json(metrics) if metrics.exists() else {},
            archive_bytes=archive.stat().st_size,
        )

    def answers(self, documents: Sequence[LabelledDocument]) -> list[Prediction]:
        """One a document, in order.

        Raises:
            EvaluationError: a document cannot be classified.
        """
        found = []
        for answer in self.engine.answers(Record(d.id, d.text) for d in documents):
            if not isinstance(answer, Prediction):
                raise EvaluationError(
                    f"model {self.key}, document {answer.id}: {answer.code}: {answer.message}"
                )
            found.append(answer)
        return found

    def round(self, documents: Sequence[LabelledDocument], count: int) -> tuple[float, float]:
        """Documents and tokens a second of one stream of `count` documents, over and over."""
        tokens, started = self.meter.tokens, time.perf_counter()
        stream = (Record(d.id, d.text) for d in islice(cycle(documents), count))
        for _ in self.engine.answers(stream):
            pass
        seconds = time.perf_counter() - started
        return count / seconds, (self.meter.tokens - tokens) / seconds

    def count_for(self, documents: Sequence[LabelledDocument], seconds: float) -> int:
        """How many documents a round of so many seconds takes."""
        rate, _ = self.round(documents, _FEWEST)
        for _ in range(2):  # the first is of cold shapes and few documents
            count = max(_FEWEST, round(rate * seconds / 4))
            rate, _ = self.round(documents, count)
        return max(_FEWEST, round(rate * seconds))

    def latencies_ms(self, documents: Sequence[LabelledDocument], seconds: float) -> list[float]:
        """Of documents asked about one by one, for so many seconds but at least once each of few.

        The first of them are asked about before as well, to warm what an endpoint has warm.
        """
        for document in documents[:_FEWEST]:
            self.answers([document])
        found: list[float] = []
        deadline = time.perf_counter() + seconds
        for document in cycle(documents):
            started = time.perf_counter()
            self.answers([document])
            found.append(1000 * (time.perf_counter() - started))
            if len(found) >= _FEWEST and time.perf_counter() > deadline:
                return found
        return found


def _without_cascade(path: Path) -> None:
    description = read_json(path)
    description.pop("cascade", None)
    write_json(path, description)
