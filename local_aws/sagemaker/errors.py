"""Errors as AWS shapes them, for callers, and outcomes of jobs, for their supervisor."""

from typing import Any


class ApiError(Exception):
    """A refused request: code, message and HTTP status as SageMaker would answer.

    ``members`` are further members of the error's shape, such as ``OriginalStatusCode``.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, members: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}


def validation_exception(message: str) -> ApiError:
    """A bad value or an unknown name, on the control plane."""
    return ApiError("ValidationException", message)


def resource_in_use(message: str) -> ApiError:
    """A job name that was used before."""
    return ApiError("ResourceInUse", message)


def resource_limit_exceeded(usage: str, limit: int, used: int, wanted: int) -> ApiError:
    """More instances than the account may run; ``usage`` reads like AWS's quota names."""
    return ApiError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{usage}' is {limit} Instances, with current "
        f"utilization of {used} Instances and a request delta of {wanted} Instances. Please use "
        "AWS Service Quotas to request an increase for this quota.",
    )


def not_implemented(what: str) -> ApiError:
    """Something AWS offers and this service does not."""
    return validation_exception(f"{what} is not implemented by the embedded SageMaker service.")


class JobFailedError(Exception):
    """The job ends as ``Failed`` with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class JobStoppedError(Exception):
    """The job ends as ``Stopped``; ``fields`` are merged into its record."""

    def __init__(self, fields: dict[str, Any] | None = None) -> None:
        super().__init__("stopped")
        self.fields = fields or {}
