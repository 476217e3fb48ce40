"""Errors a person reads. Each message names the batch, file or job it is about.

`BatchRejected` and its kin end a run with one clear message; `JobFailed` and its kin are about
remote work and may be worth a retry. A failed *document* is never an exception: see
`include.domain.batches.predictions`.
"""

from __future__ import annotations

from enum import StrEnum


class TwolaneError(Exception):
    """Root of every error this project raises on purpose."""


class SettingsRefused(TwolaneError, ValueError):
    """The environment, or a file that it names, does not describe a deployment."""


class BatchRejected(TwolaneError):
    """The batch as submitted cannot run; a retry would say the same."""


class ObjectMissing(BatchRejected):
    """The batch's URI names no object."""


class BucketNotAllowed(BatchRejected):
    """The batch's URI lies outside the allowed buckets, or is no S3 URI at all."""


class UnknownAccount(BatchRejected):
    """No account of that name is known."""


class TierNotAllowed(BatchRejected):
    """The submission asks for a better tier than its account has."""


class UnknownModelAlias(BatchRejected):
    """The registry has no such model or alias."""


class UnreadableBatch(BatchRejected):
    """The file as a whole cannot be read: corrupt gzip, broken Parquet, missing column."""


class ReadingCutOff(TwolaneError):
    """The process that read a file was ended before it was done; another try may do better."""


class EmptyBatch(BatchRejected):
    """The file holds no document at all."""


class NoValidDocuments(BatchRejected):
    """Every document of the batch went to quarantine."""


class NoFeasibleLane(BatchRejected):
    """No lane can take the batch within its limits."""


class BudgetExceeded(BatchRejected):
    """The account has spent what it may today, or the batch would cost more than is left."""


class PoisonMessage(BatchRejected):
    """A queue's message asks for no batch that could be run; it never will."""


class JobFailed(TwolaneError):
    """A remote job ended in failure; the message carries its failure reason."""


class JobStopped(JobFailed):
    """A remote job was stopped before it completed."""


class EndpointUnavailable(TwolaneError):
    """An endpoint is absent, still being made, or failed."""


class EndpointThrottled(EndpointUnavailable):
    """An endpoint takes no more calls at the moment."""


class BodyFault(StrEnum):
    """Why a call got no answer; also the code of a document that gets none alone."""

    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    MODEL_FAILED = "model_failed"


class BodyFailed(TwolaneError):
    """An endpoint cannot answer this body as it is; a smaller one it may."""

    def __init__(self, fault: BodyFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class OutputIncomplete(TwolaneError):
    """A job said it completed, but its counted output disagrees with its input."""


class RecordUnreadable(TwolaneError):
    """What a step left for the next is no record; the batch's other objects may be well."""


class StoreError(TwolaneError):
    """A result store refused or lost a write."""


class AlertsUnavailable(TwolaneError):
    """An event about a lane could not be sent; it stands in the database and will be."""


class MetricsUnavailable(TwolaneError):
    """Figures could not be published, or read; nothing depends on them."""


class QueueUnavailable(TwolaneError):
    """A message queue does not answer, or refuses."""


class SchedulerUnavailable(TwolaneError):
    """Airflow does not say which runs there are."""


class RegistryUnavailable(TwolaneError):
    """The model registry does not answer, or not as a registry should."""


class ReleaseFailed(TwolaneError):
    """A model could not be trained, registered or published; nothing points to it."""


class ReleaseRejected(ReleaseFailed):
    """The release as asked for cannot be made; a retry would say the same."""


class PromotionRefused(TwolaneError):
    """A version may not become champion, or cannot go back; the alias is where it was."""


class ComparisonRefused(TwolaneError):
    """Two versions cannot be compared as asked, or not now; nothing was started."""


class UnknownPrice(TwolaneError):
    """The price book has no such price, or is not to be read."""


class ScenarioRefused(TwolaneError):
    """A scenario or its traffic cannot be read, or makes no sense."""
