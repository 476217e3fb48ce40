"""Sizes of calls, calls at once, cold starts told apart; and no document that loses a batch."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.config import Settings
from include.domain.errors import (
    BodyFailed,
    BodyFault,
    EndpointThrottled,
    EndpointUnavailable,
)
from include.domain.execution.pacing import Allowance, Call, CallSize, cold_waits_s
from include.domain.money.costs import Waste
from include.pipeline.lanes.serverless.call_gate import CallGate
from include.pipeline.lanes.serverless.endpoint_calls import EndpointCaller
from tests.support.batches import World, documents
from tests.support.fakes import FakeEndpoint
from tests.support.local_aws import REPOSITORY

SIZE = CallSize(tokens=1000, target_s=10, max_tokens=8000)


def test_a_slow_call_shrinks_the_next_at_once_and_a_quick_one_grows_it_slowly() -> None:
    assert SIZE.after(Call(0, 40, 1000)).tokens == 250
    assert SIZE.after(Call(0, 1, 1000)).tokens == 2000
    assert SIZE.after(Call(0, 0.001, 3)).tokens == 1000
    assert CallSize(8000, 10, 8000).after(Call(0, 1, 8000)).tokens == 8000


@given(st.lists(st.tuples(st.floats(0.001, 60), st.integers(1, 20_000)), max_size=30))
def test_a_size_stays_within_its_limits(calls: list[tuple[float, int]]) -> None:
    size = SIZE
    for seconds, tokens in calls:
        after = size.after(Call(0, seconds, tokens))
        assert 1 <= after.tokens <= min(size.tokens * 2, 8000)
        size = after


@given(st.integers(1, 200), st.lists(st.booleans(), max_size=300))
def test_an_allowance_stays_between_one_and_its_ceiling(
    ceiling: int, throttles: list[bool]
) -> None:
    allowance = Allowance(float(ceiling), ceiling)
    for is_throttled in throttles:
        allowance = allowance.after_throttle() if is_throttled else allowance.after_success()
        assert 1 <= allowance.calls <= ceiling


def test_a_cold_start_is_told_from_the_calls_after_it_or_from_the_lanes_rate() -> None:
    later = [Call(5.2, 0.5, 500), Call(5.8, 0.6, 500)]
    cold, waited = Call(0, 5.5, 500), Call(0.1, 5.0, 500)
    waits = cold_waits_s([cold, waited, *later], warm_tokens_per_s=1)
    assert waits == pytest.approx([5.0, 4.5], abs=0.1), "each for an environment of its own"
    assert cold_waits_s([Call(0, 0.6, 500), *later], warm_tokens_per_s=1) == []
    assert cold_waits_s([Call(0, 3.0, 100)], warm_tokens_per_s=1000) == pytest.approx([2.9])
    assert cold_waits_s([Call(0, 0.3, 100)], warm_tokens_per_s=1000) == []
    assert cold_waits_s([], warm_tokens_per_s=1000) == []


def test_calls_throttled_together_narrow_the_gate_once_and_answers_widen_it() -> None:
    gate, everyone = CallGate(8), threading.Barrier(8)

    def throttled() -> None:
        with gate.passing():
            everyone.wait(5)
            raise EndpointThrottled("busy")

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(throttled) for _ in range(8)]:
            assert isinstance(future.exception(), EndpointThrottled)
    assert gate.allowed == 4
    for _ in range(5):
        with gate.passing():
            pass
    assert gate.allowed == 5


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Scene:
    """A caller on a fake endpoint."""

    def __init__(self, before: Callable[[bytes], None] = lambda body: None) -> None:
        self.endpoint = FakeEndpoint()
        self.endpoint.endpoints["e"] = "s3://model"
        self.endpoint.before = before
        self.clock = Clock()
        self.caller = EndpointCaller(
            self.endpoint,
            "e",
            gate=CallGate(4),
            size=SIZE,
            throttled_s=60,
            max_tokens=256,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def answer(self, count: int) -> list[dict]:
        lines = documents(count).splitlines(keepends=True)
        return [json.loads(line) for line in self.caller.answer(lines).splitlines()]


def failing_on(ids: set[str], fault: BodyFault) -> Callable[[bytes], None]:
    def before(body: bytes) -> None:
        if ids & {json.loads(line)["id"] for line in body.splitlines()}:
            raise BodyFailed(fault, f"endpoint e: {fault.value}")

    return before


@pytest.mark.parametrize("fault", list(BodyFault))
@given(bad=st.sets(st.integers(0, 19), max_size=4))
def test_every_document_has_one_answer_in_order_and_only_the_bad_have_an_error(
    fault: BodyFault, bad: set[int]
) -> None:
    scene = Scene(failing_on({f"d{number}" for number in bad}, fault))

    answers = scene.answer(20)

    assert [each["id"] for each in answers] == [f"d{number}" for number in range(20)]
    errors = {each["id"]: each["error"]["code"] for each in answers if "error" in each}
    assert errors == {f"d{number}": fault.value for number in bad}


@pytest.mark.parametrize("fault", [BodyFault.TIMED_OUT, BodyFault.MODEL_FAILED])
def test_an_endpoint_that_answers_nothing_is_not_blamed_on_documents(fault: BodyFault) -> None:
    def down(body: bytes) -> None:
        bodies.append(body)
        raise BodyFailed(fault, "endpoint e: no answer")

    bodies: list[bytes] = []
    with pytest.raises(EndpointUnavailable, match="nor does it answer anything else"):
        Scene(down).answer(20)
    assert len(bodies) == 2


def test_a_document_over_the_limit_is_never_sent() -> None:
    scene = Scene()
    large = json.dumps({"id": "large", "text": "x" * 4_000_000}).encode() + b"\n"

    small, answer = (
        json.loads(line)
        for line in scene.caller.answer([*documents(1).splitlines(True), large]).splitlines()
    )

    assert "label" in small
    assert (answer["id"], answer["error"]["code"]) == ("large", "too_large")
    assert max(map(len, scene.endpoint.invocations)) < 4_000_000


def test_throttling_is_waited_out_and_given_up_in_the_end() -> None:
    tries = itertools.count(1)

    def throttle_five_times(_: bytes) -> None:
        if next(tries) <= 5:
            raise EndpointThrottled("endpoint e: Rate exceeded")

    def throttle(_: bytes) -> None:
        raise EndpointThrottled("endpoint e: Rate exceeded")

    scene = Scene(throttle_five_times)
    assert len(scene.answer(3)) == 3
    assert 0 < scene.clock.now_s < 15
    hopeless = Scene(throttle)
    with pytest.raises(EndpointThrottled, match="Rate exceeded"):
        hopeless.answer(3)
    assert 60 <= hopeless.clock.now_s < 66


def test_what_failed_calls_took_is_waste_of_the_run() -> None:
    world = World()
    layout = world.routed(documents(6))
    first = itertools.count()

    def fail_once(_: bytes) -> None:
        if next(first) == 0:
            raise BodyFailed(BodyFault.REFUSED, "endpoint: no")

    world.endpoint.before = fail_once
    run = world.serve(layout, documents_per_call=100)

    assert run.waste_s[Waste.RETRY] > 0
    assert run.cold_start_s == 0


def test_all_slots_at_once_stay_below_the_endpoints_limit() -> None:
    settings = Settings(database_url="postgresql://unused")  # type: ignore[arg-type]
    pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())

    slots = pools["bulk"]["slots"] + pools["express"]["slots"]

    assert slots * settings.serverless_concurrency < settings.serverless_max_concurrency
