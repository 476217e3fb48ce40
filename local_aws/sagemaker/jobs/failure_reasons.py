"""How AWS words the ends of jobs."""

from local_aws.sagemaker.settings import Settings

#: Longest ``FailureReason`` that the service model allows.
_MAX_CHARACTERS = 1024

SERVICE_STOPPED = (
    "InternalServerError: We encountered an internal error. Please try again. "
    "(The embedded SageMaker service stopped while this job was running.)"
)


INSTANCE_LOST = (
    "InternalServerError: We encountered an internal error. Please try again. "
    "(The instance was lost.)"
)


def shortened(reason: str) -> str:
    """``reason`` cut to what the API carries, keeping both its ends."""
    if len(reason) <= _MAX_CHARACTERS:
        return reason
    half = (_MAX_CHARACTERS - 5) // 2
    return f"{reason[:half]} ... {reason[-half:]}"


def algorithm_error(exit_code: int | None, detail: str) -> str:
    """The container failed: its own words or last lines, and its exit code."""
    if exit_code is not None and exit_code < 0:
        exit_code = 128 - exit_code  # a signal, as a shell and Docker report it
    return f"AlgorithmError: {detail.strip() or 'See job logs'}, exit code: {exit_code}"


def image_not_found(uri: str, settings: Settings, role_arn: str) -> str:
    """The image is not in the images file, as if its repository did not exist."""
    repository = uri.rpartition("/")[2].partition(":")[0]
    return (
        f"ClientError: Cannot find repository: {repository} in registry ID: "
        f"{settings.account_id} for image {uri}. Please check if your ECR repository exists and "
        f"role {role_arn} has proper pull permissions for SageMaker: "
        "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"
    )
