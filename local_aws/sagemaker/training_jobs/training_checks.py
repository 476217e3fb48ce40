"""What AWS refuses in a training request beyond its shapes."""

from typing import Any

from local_aws.sagemaker.errors import not_implemented, validation_exception


def check_training(request: dict[str, Any]) -> None:
    """Refuse inconsistent requests, and what this service lacks.

    Raises:
        ApiError: ValidationException.
    """
    specification = request.get("AlgorithmSpecification")
    if not specification or "TrainingImage" not in specification:
        raise not_implemented("A training job without AlgorithmSpecification.TrainingImage")
    resources = request.get("ResourceConfig", {})
    if "InstanceType" not in resources or resources.get("InstanceCount", 0) < 1:
        raise validation_exception("ResourceConfig needs InstanceType and InstanceCount.")
    if "OutputDataConfig" not in request:
        raise validation_exception("OutputDataConfig must be given.")
    _check_channels(request, specification)
    _check_spot(request)


def _check_channels(request: dict[str, Any], specification: dict[str, Any]) -> None:
    modes = {specification["TrainingInputMode"]}
    for channel in request.get("InputDataConfig", ()):
        modes.add(channel.get("InputMode", "File"))
        source = channel["DataSource"].get("S3DataSource")
        if source is None or source["S3DataType"] not in {"S3Prefix", "ManifestFile"}:
            raise not_implemented("A channel other than an S3 prefix or manifest")
    if "Pipe" in modes:
        raise not_implemented("Input mode Pipe")


def _check_spot(request: dict[str, Any]) -> None:
    stopping = request.get("StoppingCondition", {})
    max_wait_s = stopping.get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining", False):
        if max_wait_s is not None:
            raise validation_exception(
                "Invalid MaxWaitTimeInSeconds. MaxWaitTimeInSeconds is only supported when "
                "EnableManagedSpotTraining is true."
            )
        return
    if max_wait_s is None:
        raise validation_exception(
            "Invalid MaxWaitTimeInSeconds. It must be present when managed spot training is "
            "enabled."
        )
    if max_wait_s < stopping.get("MaxRuntimeInSeconds", 0):
        raise validation_exception(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )
