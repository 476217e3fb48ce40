"""Faults of the API itself: calls that are throttled or not served."""

from typing import Any

from local_aws.faults.registry import Faults
from local_aws.faults.scenario import FaultKind, Target
from local_aws.sagemaker.errors import ApiError


def refuse_on_fault(faults: Faults, operation: str, resource: str) -> None:
    """Refuse a call when a scenario says so.

    Raises:
        ApiError: ThrottlingException (400 on the control plane, 429 on the runtime) or
            ServiceUnavailable (503).
    """
    target = Target(operation=operation, resource=resource)
    if faults.hit(FaultKind.THROTTLE, target) is not None:
        status = 429 if operation.startswith("Invoke") else 400
        raise ApiError("ThrottlingException", "Rate exceeded", status)
    if faults.hit(FaultKind.UNAVAILABLE, target) is not None:
        raise ApiError("ServiceUnavailable", "The service is currently unavailable.", 503)


def resource_of(parameters: dict[str, Any]) -> str:
    """The name a control-plane request is about: its first member that ends in ``Name``."""
    names = (value for key, value in parameters.items() if key.endswith("Name"))
    return str(next(names, ""))
