"""How the three kinds of jobs differ in names and words; their state machine is the same."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class JobKind:
    """Names of one kind of job in the API.

    Attributes:
        noun: ``TransformJob``: the stem of operations and members.
        resource: the ARN's resource part.
        verb: ``Transform``: the stem of the start and end times.
        duplicate: message for a used name, with ``{arn}``.
        unknown: message for an unknown name, with ``{name}``.
        list_order: default ``SortOrder`` of the List operation.
    """

    noun: str
    resource: str
    verb: str
    duplicate: str
    unknown: str
    list_order: str

    @property
    def name_member(self) -> str:
        """The member that carries the job's name."""
        return f"{self.noun}Name"

    @property
    def namespace(self) -> str:
        """CloudWatch namespace and log group alike."""
        return f"/aws/sagemaker/{self.noun}s"

    @property
    def usage(self) -> str:
        """The quota's name: ``transform job usage``."""
        return f"{self.verb.lower()} job usage"


_SAME_NAME = (
    "Job name must be unique within an AWS account and region, and a job with this name "
    "already exists ({arn})"
)

TRANSFORM = JobKind(
    "TransformJob", "transform-job", "Transform", _SAME_NAME,
    "Could not find requested job with name: {name}", "Descending",
)  # fmt: skip
PROCESSING = JobKind(
    "ProcessingJob", "processing-job", "Processing", _SAME_NAME,
    "Could not find requested job with name: {name}", "Ascending",
)  # fmt: skip
TRAINING = JobKind(
    "TrainingJob", "training-job", "Training",
    "Training job names must be unique within an AWS account and region, and a training job "
    "with this name already exists ({arn})",
    "Requested resource not found.", "Ascending",
)  # fmt: skip
