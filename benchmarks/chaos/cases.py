"""What is killed, where: lanes, moments and victims as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BEFORE = ("pull", "validate", "route")
BEHIND = ("collect", "load_dynamodb", "load_aurora", "close")


class Victim(StrEnum):
    """What is killed, by SIGKILL.

    `WORKER`: the process that runs the task, with the one that supervises it. `JOB`: the model's
    containers. `TWICE` kills nothing: the same submission is delivered three times.
    """

    WORKER = "worker"
    SCHEDULER = "scheduler"
    JOB = "job"
    SAGEMAKER = "sagemaker"
    AWS = "aws"
    POSTGRES = "postgres"
    API_SERVER = "airflow-api"
    TRIGGERER = "airflow-triggerer"
    TWICE = "twice"


#: Victims that are servers of the stack, and their component's name.
SERVERS = {
    Victim.SCHEDULER: "airflow-scheduler",
    Victim.SAGEMAKER: "sagemaker",
    Victim.AWS: "aws",
    Victim.POSTGRES: "postgres",
    Victim.API_SERVER: "airflow-api",
    Victim.TRIGGERER: "airflow-triggerer",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A point on a batch's way.

    Attributes:
        task: the task that is at work.
        after_s: seconds since it was seen at work.
    """

    task: str
    after_s: float = 0.0

    def __str__(self) -> str:
        """Return `task` or `task+seconds`."""
        return f"{self.task}+{self.after_s:g}s" if self.after_s else self.task


@dataclass(frozen=True, slots=True)
class Lane:
    """One way through the product.

    Attributes:
        name: as the table calls it.
        dag_id: the DAG that runs it.
        account: who submits.
        placement: the lane a batch is pinned to; empty where the DAG decides.
        at_work: moments of the lane's own task.
        containers: a text by which the containers that serve it are known; empty where it is the
            batch's id.
        queue: where it is submitted to; empty for the REST API.
    """

    name: str
    dag_id: str
    account: str
    placement: str
    at_work: tuple[Moment, ...]
    containers: str = ""
    queue: str = ""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Every moment something is killed at, in the order of the way."""
        if not self.placement:
            return self.at_work
        before = tuple(Moment(task) for task in BEFORE)
        return (*before, *self.at_work, *(Moment(task) for task in BEHIND))


#: Endpoints' containers live below a folder of this name.
ENDPOINTS = "/endpoint/"


def _lane(name: str, account: str, *seconds: float, containers: str = "") -> Lane:
    moments = tuple(Moment(name, after_s) for after_s in (0.0, *seconds))
    return Lane(name, "document_inference", account, name, moments, containers)


#: A lane more is a line more. Those that the lanes file does not have yet are left out.
LANES = (
    Lane(
        "express",
        "express_inference",
        "demo-visitor",
        "",
        tuple(Moment("infer", after_s) for after_s in (0.0, 0.2, 0.4, 0.7, 1.0)),
        ENDPOINTS,
    ),
    _lane("serverless", "trial-lumen", 0.5, containers=ENDPOINTS),
    _lane("processing", "standard-harbor", 0.7),
    _lane("transform", "enterprise-meridian", 0.7),
    _lane("async_endpoint", "enterprise-meridian", 1.5, 4.0, containers=ENDPOINTS),
    _lane("spot", "enterprise-meridian", 0.7, 1.5),
    Lane(
        "queued",
        "document_inference",
        "standard-harbor",
        "processing",
        (Moment("processing"), Moment("processing", 0.7)),
        queue="twolane-bulk",
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One case of the matrix."""

    victim: Victim
    lane: str
    moment: Moment


def cells(victim: Victim, lane: Lane) -> list[Cell]:
    """Return the cases of a victim on a lane; a job can be killed while it runs alone."""
    moments = lane.at_work if victim is Victim.JOB else lane.moments
    return [Cell(victim, lane.name, moment) for moment in moments]
