"""Transform one S3 object on one model server: cut, send, put together in order, upload."""

import asyncio
import collections
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp

from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.container.model_server import Answer, ModelServer
from local_aws.sagemaker.s3io import S3, S3Object
from local_aws.sagemaker.transform_jobs.records import RecordTooLargeError, joined, payloads
from local_aws.sagemaker.transform_jobs.transform_plan import TransformPlan

_RETRY_PAUSE_S = 0.1
_EXCERPT_BYTES = 300


class ObjectFailedError(Exception):
    """This object has no output; ``reason`` is AWS's class of error and what happened."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ObjectTransformer:
    """Transforms objects on one instance; calls share its limit of mini-batches in flight."""

    def __init__(
        self,
        s3: S3,
        server: ModelServer,
        plan: TransformPlan,
        folder: Path,
        data_log: Callable[[str], None],
    ) -> None:
        self._s3 = s3
        self._server = server
        self._plan = plan
        self._folder = folder
        self._data_log = data_log
        self._slots = asyncio.Semaphore(plan.max_concurrent)
        self._headers = {
            name: value
            for name, value in (("Content-Type", plan.content_type), ("Accept", plan.accept))
            if value
        }

    async def transform(self, item: S3Object, output_uri: str, name: str) -> None:
        """Write ``item``'s predictions to ``output_uri``; ``name`` is unique among files on disk.

        Raises:
            ObjectFailedError: a mini-batch failed, so the object has no output at all.
        """
        source, target = self._folder / f"{name}.in", self._folder / f"{name}.out"
        try:
            await self._s3.download(item, source, self._plan.is_gzip)
            await self._transform_file(source, target)
            await self._s3.upload(target, output_uri)
        except RecordTooLargeError as error:
            reason = "ClientError: Too much data for max payload size"
            self._log(item, reason)
            raise ObjectFailedError(f"{reason} in {item.uri}") from error
        except ObjectFailedError as error:
            self._log(item, error.reason)
            raise ObjectFailedError(f"{error.reason} for {item.uri}") from error
        finally:
            source.unlink(missing_ok=True)
            target.unlink(missing_ok=True)

    def _log(self, item: S3Object, reason: str) -> None:
        self._data_log(f"{item.bucket}/{item.key}: {reason}")

    async def _transform_file(self, source: Path, target: Path) -> None:
        plan = self._plan
        pending: collections.deque[asyncio.Task[bytes]] = collections.deque()
        with source.open("rb") as stream, target.open("wb") as output:
            batches = payloads(stream, plan.max_payload_bytes, plan.is_split, plan.is_multi_record)
            try:
                while True:
                    await self._slots.acquire()
                    batch = self._next_or_release(batches)
                    if batch is None:
                        break
                    task = asyncio.create_task(self._predictions(batch))
                    task.add_done_callback(lambda _: self._slots.release())
                    pending.append(task)
                    while pending and (pending[0].done() or len(pending) > plan.max_concurrent):
                        output.write(await pending.popleft())
                while pending:
                    output.write(await pending.popleft())
            finally:
                await cancelled(pending)

    def _next_or_release(self, batches: Iterator[bytes]) -> bytes | None:
        batch = None
        try:
            batch = next(batches, None)
        finally:
            if batch is None:
                self._slots.release()
        return batch

    async def _predictions(self, batch: bytes) -> bytes:
        answer = await self._answer(batch)
        plan = self._plan
        if plan.is_joined:
            try:
                is_lines = plan.is_split and plan.is_multi_record
                answer = joined(batch, answer, plan.content_type, is_lines)
            except ValueError as error:
                raise ObjectFailedError(f"ClientError: cannot join input: {error}") from error
        if plan.is_assembled and answer and not answer.endswith(b"\n"):
            answer += b"\n"
        return answer

    async def _answer(self, batch: bytes) -> bytes:
        problem = ""
        for attempt in range(self._plan.retries + 1):
            if attempt:
                await asyncio.sleep(_RETRY_PAUSE_S * attempt)
            try:
                answer = await self._server.invoke(batch, self._headers, self._plan.timeout_s)
            except TimeoutError:
                problem = "Model server did not respond to /invocations request within the timeout"
            except aiohttp.ClientError as error:
                problem = f"Connection to the model server failed: {error!r}"
            else:
                if 200 <= answer.status < 300:
                    return answer.body
                problem = _bad_status(answer)
                if 400 <= answer.status < 500 and answer.status != 429:
                    raise ObjectFailedError(f"ClientError: {problem}")
            if not self._server.is_alive:
                break
        raise ObjectFailedError(f"AlgorithmError: {problem}")


def _bad_status(answer: Answer) -> str:
    excerpt = answer.body[:_EXCERPT_BYTES].decode("utf-8", "replace").strip()
    return f"Bad HTTP status received from algorithm: {answer.status} ({excerpt})"
