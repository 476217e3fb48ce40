"""The queue of asynchronous requests: in order, on disk until its end, never lost."""

import asyncio
from pathlib import Path

from local_aws.sagemaker.async_inference.async_queue import AsyncQueues, AsyncRequest, Ticket


def request(name: str, endpoint: str = "e", received_s: float = 0.0) -> AsyncRequest:
    return AsyncRequest(endpoint, name, "s3://b/in", "s3://b/out", "", {}, received_s, 60.0, 60.0)


async def take(queues: AsyncQueues, endpoint: str = "e") -> Ticket:
    ticket = await queues.of(endpoint).take(lambda: False)
    assert ticket is not None
    return ticket


def test_requests_are_taken_in_order_and_one_that_comes_back_is_next(tmp_path: Path) -> None:
    async def work() -> list[str]:
        queues = AsyncQueues(tmp_path / "queue.sqlite")
        for name in "abc":
            await queues.accept(request(name))
        first = await take(queues)
        await queues.of("e").put_back(first)
        taken = [await take(queues) for _ in range(3)]
        queues.close()
        return [ticket.request.inference_id for ticket in taken]

    assert asyncio.run(work()) == ["a", "b", "c"]


def test_what_has_no_end_is_there_after_a_restart(tmp_path: Path) -> None:
    async def work() -> tuple[int, int, list[str]]:
        first = AsyncQueues(tmp_path / "queue.sqlite")
        for name in "abc":
            await first.accept(request(name))
        done = await take(first)
        first.finish(done)
        await take(first)  # in flight when the service ends
        backlog = first.of("e").backlog
        first.close()
        second = AsyncQueues(tmp_path / "queue.sqlite")
        names = [(await take(second)).request.inference_id for _ in range(2)]
        second.forget("e")
        second.close()
        third = AsyncQueues(tmp_path / "queue.sqlite")
        left = third.of("e").backlog
        third.close()
        return backlog, left, names

    assert asyncio.run(work()) == (2, 0, ["b", "c"])


def test_who_waits_is_woken_by_a_request_or_by_the_end(tmp_path: Path) -> None:
    async def work() -> tuple[str, Ticket | None]:
        queues = AsyncQueues(tmp_path / "queue.sqlite")
        waiting = asyncio.create_task(take(queues))
        await asyncio.sleep(0)
        await queues.accept(request("a"))
        served = (await waiting).request.inference_id
        over = False
        idle = asyncio.create_task(queues.of("e").take(lambda: over))
        await asyncio.sleep(0)
        over = True
        await queues.of("e").wake()
        ended = await idle
        queues.close()
        return served, ended

    assert asyncio.run(work()) == ("a", None)


def test_queues_are_apart_and_know_their_oldest(tmp_path: Path) -> None:
    async def work() -> tuple[float | None, float | None]:
        queues = AsyncQueues(tmp_path / "queue.sqlite")
        await queues.accept(request("a", received_s=5.0))
        await queues.accept(request("b", received_s=7.0))
        await take(queues)
        oldest = queues.of("e").oldest_received_s(), queues.of("other").oldest_received_s()
        queues.close()
        return oldest

    assert asyncio.run(work()) == (5.0, None)
