"""Starting, recognising and stopping real processes."""

import signal
import sys
import time

import pytest

from stack.component import Component, Runner
from stack.errors import ComponentDied, StackError
from stack.paths import Paths
from stack.processes import MARKER, OURSELVES, Processes, family, stop, wait_until_gone

# A leader that ignores SIGTERM and has a grandchild that ignores it too.
STUBBORN = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "if len(sys.argv) < 3:\n"
    "    subprocess.Popen([sys.executable, '-c', open(sys.argv[1]).read(), sys.argv[1], 'child'])\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def paths(tmp_path):
    return Paths(root=tmp_path, state=tmp_path / "state")


@pytest.fixture
def processes(paths):
    processes = Processes(paths.run, str(paths.state))
    yield processes
    for stray in processes.strays():
        stray.kill()


def _wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_stubborn_and_their_children_are_gone_after_stop(paths, processes, tmp_path):
    source = tmp_path / "stubborn.py"
    source.write_text(STUBBORN)
    log = paths.log("stubborn")
    process = processes.spawn(
        "stubborn", [sys.executable, str(source), str(source)], {}, log, tmp_path, OURSELVES
    )
    _wait_until(lambda: log.read_text().count("ready") == 2)
    members = family(process)
    assert len(members) == 2
    assert processes.running("stubborn").pid == process.pid
    assert not stop(process, signal.SIGTERM, whole=True, grace_s=0.3)
    assert wait_until_gone(members, timeout_s=0) == []
    assert processes.running("stubborn") is None
    assert processes.strays() == []


def test_a_process_without_a_record_is_found_by_its_marker(paths, processes, tmp_path):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = processes.spawn("sleeper", sleeper, {}, paths.log("sleeper"), tmp_path, OURSELVES)
    processes.forget("sleeper")
    _wait_until(lambda: process.environ().get(MARKER))
    assert [stray.pid for stray in processes.strays()] == [process.pid]


def test_a_reused_pid_is_not_taken_for_ours(paths, processes, tmp_path):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    processes.spawn("sleeper", sleeper, {}, paths.log("sleeper"), tmp_path, OURSELVES)
    record = paths.run / "sleeper.json"
    record.write_text(record.read_text().replace('"create_time": 1', '"create_time": 2'))
    assert processes.running("sleeper") is None


def test_a_component_that_dies_is_named_with_the_end_of_its_log(paths, processes):
    component = Component(
        name="mlflow",
        command=(sys.executable, "-c", "print('no such database'); raise SystemExit(3)"),
        is_ready=lambda: False,
    )
    runner = Runner(paths, processes, {})
    runner.spawn(component)
    with pytest.raises(ComponentDied, match=r"(?s)mlflow has died.*no such database"):
        runner.wait_ready(component, lambda: False)


def test_a_component_starts_once(paths, processes):
    component = Component(
        name="sleeper",
        command=(sys.executable, "-c", "import time; time.sleep(60)"),
        is_ready=lambda: True,
        grace_s=2,
    )
    runner = Runner(paths, processes, {})
    assert [runner.spawn(component), runner.spawn(component)] == [True, False]
    assert [runner.stop(component), runner.stop(component)] == [True, False]


def test_a_start_that_is_given_up_stops_waiting(paths, processes):
    component = Component(
        name="sleeper",
        command=(sys.executable, "-c", "import time; time.sleep(60)"),
        is_ready=lambda: False,
    )
    runner = Runner(paths, processes, {})
    runner.spawn(component)
    with pytest.raises(StackError, match="gave up waiting for sleeper"):
        runner.wait_ready(component, lambda: True)
