"""A server that runs and gives no sign of life is killed, and only then."""

import pytest

from stack.component import Component
from stack.health import is_silent
from stack.watcher import SILENCE_S, Watcher


class Running:
    """A process that counts how often it was killed."""

    def __init__(self):
        self.kills = 0

    def kill(self):
        self.kills += 1


class Stage:
    """One server, a clock, and whether the server is silent."""

    def __init__(self, folder):
        self.clock, self.is_silent, self.process = 0.0, False, Running()
        component = Component(
            "scheduler", ("sleep",), is_ready=lambda: True, is_silent=lambda: self.is_silent
        )
        self.watcher = Watcher(
            {"scheduler": component},
            needs={},
            runner=None,
            processes=self,
            ledger=folder / "restarts.json",
            now=lambda: self.clock,
            log=lambda line: None,
        )

    def running(self, name):
        return self.process

    def watch_for(self, seconds, silent):
        self.is_silent = silent
        for _ in range(int(seconds)):
            self.clock += 1.0
            self.watcher.look()


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def test_a_silent_server_is_killed_once_its_time_is_over(stage):
    stage.watch_for(SILENCE_S - 5, silent=True)
    assert stage.process.kills == 0
    stage.watch_for(20, silent=True)
    assert stage.process.kills == 1


def test_a_sign_of_life_begins_the_time_anew(stage):
    for _ in range(5):
        stage.watch_for(SILENCE_S - 10, silent=True)
        stage.watch_for(10, silent=False)
    assert stage.process.kills == 0


def _report(status="unhealthy", database="healthy", heartbeat="2026-01-01T00:00:00+00:00"):
    return {
        "metadatabase": {"status": database},
        "scheduler": {"status": status, "latest_scheduler_heartbeat": heartbeat},
    }


def test_who_is_silent():
    assert is_silent(_report(), "scheduler")


@pytest.mark.parametrize(
    "report",
    [
        {},
        _report(status="healthy"),
        _report(database="unhealthy"),
        _report(heartbeat=None),
    ],
)
def test_who_is_not(report):
    assert not is_silent(report, "scheduler")
