"""The watcher, over real processes."""

import os
import signal
import sys
import time

import psutil
import pytest

from stack.component import Component, Runner
from stack.paths import Paths
from stack.processes import Processes, family, kill_all, wait_until_gone
from stack.restarts import RestartPolicy
from stack.watcher import Restarts, Watcher, read_restarts

#: Leaves a child in its session, without the marker, as Airflow's scheduler leaves its workers.
SERVER = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], env={})\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def paths(tmp_path):
    return Paths(root=tmp_path, state=tmp_path / "state")


@pytest.fixture
def processes(paths):
    processes = Processes(paths.run, str(paths.state))
    yield processes
    for name in ("server", "database"):
        running = processes.running(name)
        kill_all(family(running) if running else [])
        processes.clear_away(name)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _component(name, program=SERVER, is_ready=lambda: True):
    return Component(name=name, command=(sys.executable, "-c", program), is_ready=is_ready)


def _watcher(paths, processes, components, needs, clock, policy=None):
    by_name = {component.name: component for component in components}
    runner = Runner(paths, processes, {})
    for component in components:
        runner.spawn(component)
    return Watcher(
        by_name, needs, runner, processes, paths.restarts, policy, clock, log=lambda line: None
    )


def _kill(processes, name):
    process = processes.running(name)
    os.kill(process.pid, signal.SIGKILL)
    assert wait_until_gone([process], timeout_s=5) == []


def _until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_dies_is_started_again_and_what_it_left_behind_is_gone(paths, processes):
    watcher = _watcher(paths, processes, [_component("server")], {}, Clock())
    _until(lambda: paths.log("server").read_text().strip())
    orphan = int(paths.log("server").read_text())
    assert watcher.look() == []
    _kill(processes, "server")
    assert watcher.look() == ["server"]
    assert not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == "zombie"
    assert processes.running("server") is not None
    assert read_restarts(paths.restarts) == {"server": Restarts(restarts=1)}


def test_a_server_waits_for_those_it_needs(paths, processes):
    answers = []
    database = _component("database", is_ready=lambda: bool(answers))
    watcher = _watcher(
        paths, processes, [database, _component("server")], {"server": ("database",)}, Clock()
    )
    _kill(processes, "database")
    _kill(processes, "server")
    assert watcher.look() == ["database"]
    assert watcher.look() == []
    answers.append(True)
    assert watcher.look() == ["server"]


def test_a_crash_loop_is_left_dead_once_its_budget_is_used_up(paths, processes):
    clock = Clock()
    policy = RestartPolicy(budget=3, budget_window_s=1000)
    watcher = _watcher(paths, processes, [_component("server", "")], {}, clock, policy)
    started = []
    for _ in range(200):
        _until(lambda: processes.running("server") is None)
        started += watcher.look()
        clock.now += 1.0
    assert started == ["server"] * 3
    assert read_restarts(paths.restarts) == {"server": Restarts(restarts=3, has_given_up=True)}
