"""Evaluates every alarm once a period, sets its state, and calls for its scaling actions.

MiniStack's own evaluation mixes the dimensions of a metric and knows neither M out of N nor
missing data; it is switched off (``ministack_evaluation``) and this takes its place.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.alarms.cloudwatch_alarms import CloudWatchAlarms
from local_aws.alarms.evaluation import AlarmRule, Verdict, evaluate
from local_aws.sagemaker.concurrency import cancelled

_LOG = logging.getLogger(__name__)
#: A period is evaluated this long after its end: data of it may still be on their way.
_LAG_S = 1.0
_TICK_S = 1.0

OnAction = Callable[[str, AlarmRule, Verdict], Awaitable[None]]


class AlarmWatcher:
    """The loop over all alarms.

    Args:
        time_factor: a period of 60 s is 60 ÷ this here, and at least 1 s, for alarms that call
            for scaling (emulated); others keep theirs, as what they watch does.
        on_action: called for each action of the alarm's present state, once a period as
            CloudWatch does for Auto Scaling actions; it ignores ARNs that are not its own.
    """

    def __init__(self, alarms: CloudWatchAlarms, time_factor: float, on_action: OnAction) -> None:
        self._alarms = alarms
        self._time_factor = time_factor
        self._on_action = on_action
        self._evaluated: dict[str, int] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alarms")

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch until the block is left."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            await cancelled([task])
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _watch(self) -> None:
        is_reachable = True
        while True:
            try:
                for rule in await self._in_thread(self._alarms.rules):
                    await self._look_at(rule)
                is_reachable = True
            except (BotoCoreError, ClientError) as error:
                if is_reachable:
                    _LOG.warning("Alarms are not evaluated for now: %s", error)
                is_reachable = False
            except Exception:
                _LOG.exception("Unexpected error while evaluating alarms")
            await asyncio.sleep(_TICK_S)

    async def _look_at(self, rule: AlarmRule) -> None:
        factor = self._time_factor if rule.is_for_scaling else 1.0
        period_s = max(1, round(rule.period_s / factor))
        end_s = int((time.time() - _LAG_S) // period_s) * period_s
        if self._evaluated.get(rule.name) == end_s:
            return
        self._evaluated[rule.name] = end_s
        start_s = end_s - rule.evaluation_periods * period_s
        values = await self._in_thread(self._alarms.datapoints, rule, period_s, start_s, end_s)
        try:
            verdict = evaluate(rule, values)
        except ValueError as error:
            _LOG.warning("%s", error)
            return
        if verdict.state != rule.state:
            _LOG.info("Alarm %s: %s, %s", rule.name, verdict.state, verdict.reason)
            await self._in_thread(self._alarms.set_state, rule.name, verdict.state, verdict.reason)
        for action in rule.actions[verdict.state]:
            await self._on_action(action, rule, verdict)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)
