import threading

import pytest

from stack.graph import State, Step, run_steps


def _ignore(step, state, remark):
    pass


def test_a_step_waits_for_what_it_needs_and_no_longer():
    meeting = threading.Barrier(2, timeout=5)
    order = []

    def action(name, meets=False):
        def run(_):
            if meets:
                meeting.wait()
            order.append(name)
            return ""

        return run

    run_steps(
        [
            Step("last", "", ("left", "right"), action("last")),
            Step("left", "", ("first",), action("left", meets=True)),
            Step("right", "", ("first",), action("right", meets=True)),
            Step("first", "", (), action("first")),
        ],
        _ignore,
    )
    assert order[0] == "first"
    assert order[-1] == "last"


def test_a_failure_cancels_the_others_and_is_raised():
    saw_cancellation = threading.Event()
    started = threading.Event()

    def patient(cancelled):
        started.set()
        while not cancelled():
            threading.Event().wait(0.01)
        saw_cancellation.set()
        return ""

    def failing(_):
        started.wait(5)
        raise RuntimeError("postgres is out")

    never = []
    heard = []
    steps = [
        Step("patient", "", (), patient),
        Step("failing", "", (), failing),
        Step("after", "", ("failing",), lambda _: never.append(1) or ""),
    ]
    with pytest.raises(RuntimeError, match="postgres is out"):
        run_steps(steps, lambda step, state, _: heard.append((step.name, state)))
    assert saw_cancellation.is_set()
    assert not never
    assert ("failing", State.FAILED) in heard


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([Step("a", "", ("b",), lambda _: "")], "no step is called b"),
        (
            [Step("a", "", ("b",), lambda _: ""), Step("b", "", ("a",), lambda _: "")],
            "need each other: a, b",
        ),
    ],
)
def test_an_impossible_graph_is_refused_before_anything_runs(steps, message):
    with pytest.raises(ValueError, match=message):
        run_steps(steps, _ignore)
