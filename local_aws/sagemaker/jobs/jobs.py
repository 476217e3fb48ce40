"""Create, describe, list and stop jobs of one kind, and carry each through its states.

::

    InProgress ──work done──▶ Completed
        │  └──────failure───▶ Failed   (FailureReason)
        └─stop─▶ Stopping ──▶ Stopped

Names are remembered for ever, as on AWS. A job that was running when the service ended is
``Failed`` when it starts again.
"""

import abc
import asyncio
import logging
import shutil
from contextlib import ExitStack
from typing import Any

from local_aws.sagemaker.api.listing import page
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.errors import (
    JobFailedError,
    JobStoppedError,
    resource_in_use,
    validation_exception,
)
from local_aws.sagemaker.jobs.failure_reasons import SERVICE_STOPPED, shortened
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.jobs.job_kinds import JobKind
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

_LOG = logging.getLogger(__name__)
_TERMINAL = frozenset({"Completed", "Failed", "Stopped"})


class JobRunner(abc.ABC):
    """What one kind of job does."""

    @abc.abstractmethod
    def instances(self, request: dict[str, Any]) -> tuple[str, int]:
        """Instance type and count, for the quota."""

    @abc.abstractmethod
    async def check(self, request: dict[str, Any]) -> None:
        """Refuse what AWS refuses before it makes a job (raises ApiError)."""

    @abc.abstractmethod
    async def run(self, context: JobContext) -> None:
        """Do the work; raise JobFailedError or JobStoppedError for the other ends."""

    def initial_fields(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fields of the record at its creation, beside the status."""
        return {}

    def final_fields(self, context: JobContext, status: str, reason: str | None) -> dict[str, Any]:
        """Fields to set together with the last status."""
        return {}


class Jobs:
    """All jobs of one kind."""

    def __init__(self, kind: JobKind, platform: Platform, runner: JobRunner) -> None:
        self._kind = kind
        self._platform = platform
        self._runner = runner
        self._running: dict[str, tuple[JobContext, asyncio.Task[None]]] = {}

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        noun = self._kind.noun
        return {
            f"Create{noun}": self.create,
            f"Describe{noun}": self.describe,
            f"List{noun}s": self.list,
            f"Stop{noun}": self.stop,
        }

    def recover(self) -> None:
        """Fail the jobs that were running when the service last ended."""
        for record in self._platform.store.of_kind(self._kind.noun):
            if record.status not in _TERMINAL:
                context = JobContext(self._kind, record, self._platform)
                self._finish(context, "Failed", SERVICE_STOPPED)

    async def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Validate, record and start a job."""
        name = request[self._kind.name_member]
        arn = self._platform.settings.arn(self._kind.resource, name)
        self._refuse_duplicate(name, arn)
        await self._runner.check(request)
        self._refuse_duplicate(name, arn)
        instance_type, count = self._runner.instances(request)
        lease = self._platform.quota.acquire(instance_type, self._kind.usage, count)
        tags = request.pop("Tags", [])
        fields = {"Status": "InProgress", **self._runner.initial_fields(request)}
        record = Record(self._kind.noun, name, arn, now_s(), request, fields)
        context = JobContext(self._kind, record, self._platform)
        context.update()
        self._platform.store.add_tags(arn, tags)
        task = asyncio.create_task(self._supervise(context, lease), name=f"job {name}")
        self._running[name] = (context, task)
        _LOG.info("%s %s: InProgress", self._kind.noun, name)
        return {f"{self._kind.noun}Arn": arn}

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request and everything that has become of it."""
        record = self._find(request[self._kind.name_member])
        return {**record.request, **record.fields, **self._identity(record)}

    async def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """Summaries of the jobs that match."""
        records = self._platform.store.of_kind(self._kind.noun)
        chosen, token = page(records, request, self._kind.list_order)
        summaries = [{**record.fields, **self._identity(record)} for record in chosen]
        return {f"{self._kind.noun}Summaries": summaries, "NextToken": token}

    async def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask a job to stop; its state says when it has."""
        record = self._find(request[self._kind.name_member])
        if record.status in _TERMINAL:
            raise validation_exception(
                f"The request was rejected because the {self._kind.verb.lower()} job is in status "
                f"{record.status}."
            )
        context, _ = self._running[record.name]
        context.update(Status="Stopping")
        context.stop_requested.set()
        return {}

    def running(self, name: str) -> JobContext | None:
        """The context of a job that runs now."""
        entry = self._running.get(name)
        return entry[0] if entry else None

    async def close(self) -> None:
        """End every running job; they are ``Failed`` with the service's stop as reason."""
        await cancelled([task for _, task in self._running.values()])

    async def _supervise(self, context: JobContext, lease: ExitStack) -> None:
        status, reason = "Completed", None
        try:
            await self._runner.run(context)
        except JobFailedError as failure:
            status, reason = "Failed", shortened(failure.reason)
        except JobStoppedError as stop:
            status = "Stopped"
            context.record.fields.update(stop.fields)
        except asyncio.CancelledError:
            status, reason = "Failed", SERVICE_STOPPED
        except Exception as error:
            _LOG.exception("Unexpected error in %s %s", self._kind.noun, context.record.name)
            status, reason = "Failed", shortened(f"InternalServerError: {error!r}")
        finally:
            lease.close()
            shutil.rmtree(context.folder, ignore_errors=True)
            del self._running[context.record.name]
            self._finish(context, status, reason)

    def _finish(self, context: JobContext, status: str, reason: str | None) -> None:
        fields = self._runner.final_fields(context, status, reason)
        if reason is not None:
            fields["FailureReason"] = reason
        context.update(**{f"{self._kind.verb}EndTime": now_s(), "Status": status, **fields})
        _LOG.info("%s %s: %s %s", self._kind.noun, context.record.name, status, reason or "")

    def _identity(self, record: Record) -> dict[str, Any]:
        noun = self._kind.noun
        return {
            self._kind.name_member: record.name,
            f"{noun}Arn": record.arn,
            f"{noun}Status": record.status,
            "CreationTime": record.created_s,
        }

    def _refuse_duplicate(self, name: str, arn: str) -> None:
        if self._platform.store.get(self._kind.noun, name) is not None:
            raise resource_in_use(self._kind.duplicate.format(arn=arn))

    def _find(self, name: str) -> Record:
        record = self._platform.store.get(self._kind.noun, name)
        if record is None:
            raise validation_exception(self._kind.unknown.format(name=name))
        return record
