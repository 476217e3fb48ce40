"""The composition of watching models: right labels that come back, and drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.domain.errors import UnknownModelAlias
from include.wiring.composition import Adapters

if TYPE_CHECKING:
    from include.domain.drift.sketch import Sketch
    from include.domain.model_ref import ModelRef
    from include.pipeline.drift.document_features import WordVectors
    from include.pipeline.drift.open_release import Refusal
    from include.pipeline.drift.ports import (
        BatchProfile,
        DriftBook,
        DriftRelease,
        TrainingFacts,
        TrainingRecords,
        WordSource,
    )
    from include.pipeline.drift.profile_batch import Skipped
    from include.pipeline.drift.watch_drift import Watched
    from include.pipeline.feedback.load_feedback import LoadedUpload
    from include.pipeline.feedback.ports import FeedbackBook


class ModelWatch(Adapters):
    """Use cases of feedback and drift, wired to their adapters.

    A version may have been deleted from the registry since it answered a batch: its answers are
    compared with what there is, without its words' vectors and its training data.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        super().__init__(settings)
        self._now = now
        self._vectors: dict[ModelRef, WordVectors | None] = {}
        self._sketches: dict[ModelRef, Sketch | None] = {}

    def load_feedback(self) -> list[LoadedUpload]:
        """See `include.pipeline.feedback.load_feedback`."""
        from include.adapters.document_files.feedback_rows import FeedbackFileReader
        from include.pipeline.feedback.load_feedback import FeedbackPorts, load_feedback

        ports = FeedbackPorts(
            objects=self.objects,
            reader=FeedbackFileReader(),
            accounts=self.accounts,
            registry=self.registry,
            book=self.feedback_book,
        )
        return load_feedback(self.settings.inbox_bucket, now=self._now(), ports=ports)

    def profile_batches(self, night: date) -> tuple[list[BatchProfile], list[Skipped]]:
        """Describe the batches that closed and were not looked at, and count them to a night.

        See `include.pipeline.drift.profile_batch`.
        """
        from include.pipeline.batch_objects.batch_layout import BatchLayout
        from include.pipeline.drift.profile_batch import Looking, profile_batches

        since = self._now() - timedelta(seconds=self.settings.drift_look_back_s)
        bucket = self.settings.work_bucket
        looking = Looking(
            night=night,
            sample_documents=self.settings.drift_sample_documents,
            vectors=self._word_vectors,
            objects=self.objects,
            book=self.drift_book,
        )
        layouts = [BatchLayout(bucket, each) for each in self.drift_book.unprofiled(since)]
        return profile_batches(layouts, looking)

    def watch_drift(self, night: date) -> Watched:
        """See `include.pipeline.drift.watch_drift`."""
        from include.adapters.drift_page import HtmlDriftPage
        from include.pipeline.drift.watch_drift import WatchPorts, watch_drift

        return watch_drift(
            night,
            work_bucket=self.settings.work_bucket,
            policy=self.settings.drift_policy,
            ports=WatchPorts(
                objects=self.objects,
                book=self.drift_book,
                page=HtmlDriftPage(),
                training_sketch=self._training_sketch,
                facts=self._facts,
                tag_version=self._tag_version,
            ),
        )

    def open_drift_releases(self, night: date) -> tuple[list[DriftRelease], list[Refusal]]:
        """See `include.pipeline.drift.open_release`."""
        from include.pipeline.drift.open_release import ReleasePorts, ReleaseSite, open_releases

        site = ReleaseSite(
            work_bucket=self.settings.work_bucket,
            data_prefix=f"s3://{self.settings.inbox_bucket}/drift/",
            policy=self.settings.drift_policy,
            ports=ReleasePorts(self.objects, self.registry, self.training_records, self.drift_book),
        )
        return open_releases(night, site)

    def _word_vectors(self, model: ModelRef) -> WordVectors | None:
        if model not in self._vectors:
            vectors = None
            with suppress(UnknownModelAlias):  # deleted since: compared without
                vectors = self.word_source.of(self.registry.artifact_url(model))
            self._vectors[model] = vectors
        return self._vectors[model]

    def _training_sketch(self, model: ModelRef) -> Sketch | None:
        from include.pipeline.drift.training_profile import training_profile

        if model not in self._sketches:
            sketch = None
            with suppress(UnknownModelAlias):
                sketch = training_profile(
                    model,
                    self._word_vectors(model),
                    objects=self.objects,
                    registry=self.registry,
                    training=self.training_records,
                )
            self._sketches[model] = sketch
        return self._sketches[model]

    def _facts(self, model: ModelRef) -> TrainingFacts:
        from include.pipeline.drift.ports import TrainingFacts

        with suppress(UnknownModelAlias):
            return self.training_records.facts(model)
        return TrainingFacts()

    def _tag_version(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        with suppress(UnknownModelAlias):
            self.aliases.tag_version(name, version, tags)

    @cached_property
    def feedback_book(self) -> FeedbackBook:
        """Right labels, in Aurora."""
        from include.adapters.postgres.models.feedback_book import PostgresFeedbackBook

        return PostgresFeedbackBook(self.database)

    @cached_property
    def drift_book(self) -> DriftBook:
        """What was seen of accounts, in Aurora."""
        from include.adapters.postgres.models.drift_book import PostgresDriftBook

        return PostgresDriftBook(self.database)

    @cached_property
    def training_records(self) -> TrainingRecords:
        """How versions came to be, in MLflow."""
        from include.adapters.mlflow_training import MlflowTrainingRecords

        return MlflowTrainingRecords(self.settings.mlflow_tracking_uri)

    @cached_property
    def word_source(self) -> WordSource:
        """Vectors of words, in the published artifacts."""
        from include.adapters.encoder_words import ArtifactWords

        return ArtifactWords(self.objects)
