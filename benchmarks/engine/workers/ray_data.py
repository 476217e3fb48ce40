"""Ray Data: `map_batches` over actors, each with the product's engine on one core."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.data import ActorPoolStrategy, DataContext

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import Classifier


class EngineActor:
    """The product's engine with one worker, as a Ray actor's callable."""

    def __init__(self, model: str) -> None:
        from serving.commands import build_engine
        from serving.metering import Meter
        from serving.settings import ContainerSettings

        settings = ContainerSettings.from_environment(os.environ | {"MODEL_WORKERS": "1"})
        self._engine = build_engine(Path(model), settings, Meter())

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Add the labels of a batch."""
        from serving.records import Record

        begun = time.time()
        answers = self._engine.answers(Record(str(k), text) for k, text in enumerate(batch["item"]))
        labels = [answer.label for answer in answers]  # type: ignore[union-attr]
        return {"label": np.array(labels), "begun": np.full(len(labels), begun)}


class RayData(Classifier):
    """A dataset of the texts, mapped by one actor a core, in the texts' order.

    The actors live for one pass, as they do in a Ray Data job. A pass is timed from the moment at
    which the first of them has its model and a batch: their start is left out, in Ray's favour.
    """

    batch_sizes = (128, 512, 1024)
    takes_one = False

    def __init__(self, files: CaseFiles) -> None:
        super().__init__(files)
        self._cores = len(os.sched_getaffinity(0))
        self._session = tempfile.mkdtemp(prefix="ray-")  # sockets lie in it: a short path
        ray.init(
            num_cpus=self._cores,
            include_dashboard=False,
            log_to_driver=False,
            configure_logging=False,
            _temp_dir=self._session,
            object_store_memory=256 * 2**20,
        )
        context = DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        self._place = {label: index for index, label in enumerate(self.case.labels)}

    def classify(self, texts: Sequence[str]) -> list[int]:
        """See `Classifier.classify`."""
        return [self._place[row["label"]] for row in self._rows(texts)]

    def seconds(self, texts: Sequence[str]) -> float:
        """See `Classifier.seconds`."""
        rows = self._rows(texts)
        ended = time.time()
        if len(rows) != len(texts):
            raise RuntimeError(f"{len(rows)} rows came back for {len(texts)} texts")
        return ended - min(float(row["begun"]) for row in rows)

    def close(self) -> None:
        """Stop Ray's own processes and drop their logs."""
        ray.shutdown()
        shutil.rmtree(self._session, ignore_errors=True)

    def _rows(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        blocks = max(-(-len(texts) // self.batch_size), self._cores)
        found = ray.data.from_items(list(texts), override_num_blocks=blocks).map_batches(
            EngineActor,
            fn_constructor_args=(str(self.files.model),),
            batch_size=self.batch_size,
            compute=ActorPoolStrategy(size=self._cores),
            num_cpus=1,
        )
        return list(found.iter_rows())


def build(files: CaseFiles) -> RayData:
    """Start Ray on this machine."""
    return RayData(files)
