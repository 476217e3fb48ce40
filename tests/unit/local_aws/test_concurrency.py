"""The asyncio helpers end what they start, once and in good order."""

import asyncio

import pytest

from local_aws.sagemaker.concurrency import all_or_first_error, first_of


class SlowToEnd:
    """Work that needs some turns of the loop to end after it is cancelled."""

    def __init__(self) -> None:
        self.has_ended = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            self.has_ended = True


async def fails() -> None:
    raise ValueError("first")


def test_the_first_error_waits_for_the_others_to_end() -> None:
    slow = SlowToEnd()

    with pytest.raises(ValueError, match="first"):
        asyncio.run(all_or_first_error([slow.run(), fails()]))

    assert slow.has_ended


def test_cancelling_lets_each_work_end() -> None:
    slow = SlowToEnd()

    async def main() -> None:
        await first_of(work=all_or_first_error([slow.run()]), other=asyncio.sleep(0))
        assert slow.has_ended

    asyncio.run(main())


def test_results_keep_their_order_and_no_work_is_no_error() -> None:
    async def answer(value: int) -> int:
        await asyncio.sleep(0.01 / value)
        return value

    assert asyncio.run(all_or_first_error(answer(value) for value in (1, 2, 3))) == [1, 2, 3]
    assert asyncio.run(all_or_first_error([])) == []


def test_the_first_to_end_wins_and_its_error_is_raised() -> None:
    async def main() -> str:
        return await first_of(slow=asyncio.sleep(60), quick=asyncio.sleep(0))

    async def failing() -> str:
        return await first_of(slow=asyncio.sleep(60), bad=fails())

    assert asyncio.run(main()) == "quick"
    with pytest.raises(ValueError, match="first"):
        asyncio.run(failing())
