"""What a scenario says: which faults, where, how often and when."""

import dataclasses
import enum
import fnmatch


class FaultKind(enum.Enum):
    """What can go wrong on request."""

    THROTTLE = "throttle"
    UNAVAILABLE = "unavailable"
    MODEL_ERROR = "model_error"
    SLOW_ANSWER = "slow_answer"
    COLD_START = "cold_start"
    SLOW_START = "slow_start"
    CRASH = "crash"
    LOST_INSTANCE = "lost_instance"
    INTERRUPT = "interrupt"
    LOST_OUTPUT = "lost_output"
    STALE_METRIC = "stale_metric"


@dataclasses.dataclass(frozen=True)
class Target:
    """What a fault may fall upon; a part that does not apply is empty.

    Attributes:
        operation: API operation (``InvokeEndpoint``, ``CreateTransformJob``).
        resource: name of the job or endpoint.
        job_kind: ``transform``, ``processing``, ``training`` or ``endpoint``.
        host: ``algo-2`` of a job, the instance's id of an endpoint.
        object: S3 URI that is written.
        metric: CloudWatch metric.
    """

    operation: str = ""
    resource: str = ""
    job_kind: str = ""
    host: str = ""
    object: str = ""
    metric: str = ""


#: Names of the parts that a fault can match.
PATTERNS = tuple(field.name for field in dataclasses.fields(Target))


@dataclasses.dataclass(frozen=True)
class Fault:
    """One entry of a scenario.

    Attributes:
        operation: shell pattern on the target's part of that name; so are ``resource``,
            ``job_kind``, ``host``, ``object`` and ``metric``.
        skip: matches to let pass first.
        times: hits at the most; 0 for no limit.
        probability: of a hit at a match, from the scenario's seed.
        start_s: seconds from applying the scenario until the fault is active.
        end_s: seconds from applying it until it is over; None for no end.
        delay_s: how long to hold up a start or an answer.
        status: HTTP status that the model seems to answer.
        at_record: fire when the container has handled so many records.
        after_s: fire so long after the container has started.
        notice_s: SIGTERM to SIGKILL of an interruption.
        capacity_after_s: until an interrupted job gets a new instance.
        mode: ``drop`` publishes nothing, ``freeze`` publishes the last value again.
    """

    kind: FaultKind
    operation: str = "*"
    resource: str = "*"
    job_kind: str = "*"
    host: str = "*"
    object: str = "*"
    metric: str = "*"
    skip: int = 0
    times: int = 1
    probability: float = 1.0
    start_s: float = 0.0
    end_s: float | None = None
    delay_s: float = 0.0
    status: int = 500
    at_record: int | None = None
    after_s: float | None = None
    notice_s: float = 120.0
    capacity_after_s: float = 0.0
    mode: str = "drop"

    def matches(self, target: Target) -> bool:
        """Whether every pattern fits."""
        return all(
            fnmatch.fnmatchcase(getattr(target, name), getattr(self, name)) for name in PATTERNS
        )


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A named list of faults; ``seed`` makes probabilities repeatable."""

    name: str
    faults: tuple[Fault, ...]
    seed: int = 0
