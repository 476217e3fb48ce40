"""A queue, its ledger and its keepers, for tests of what the keeper does."""

from __future__ import annotations

import json

from include.domain.accounts import Tier
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.patience import QueuePatience
from include.pipeline.queues.admit_message import AdmissionPorts, Gate, RunRequest
from include.pipeline.queues.dead_letters import look_through
from include.pipeline.queues.keep_queue import QueueKeeper
from include.pipeline.queues.settle_message import Queues
from tests.support.fakes import FakeAccountDirectory, FakeObjectStore
from tests.support.fakes.queues import FakeQueue, FakeQueueLedger, FakeStartedRuns

INBOX = "s3://twolane-inbox/"
PATIENCE = QueuePatience(max_held=4, caps=dict.fromkeys(Tier, 3) | {Tier.ENTERPRISE: 2})
DEADLINE_S = dict.fromkeys(Tier, 600.0) | {Tier.ENTERPRISE: 3_600.0}


class World:
    """A queue, its dead letters, a ledger, and as many keepers as a test wants."""

    def __init__(self) -> None:
        self.inbox = FakeQueue("twolane-bulk")
        self.dead_letters = FakeQueue("twolane-bulk-dead")
        self.ledger = FakeQueueLedger()
        self.objects = FakeObjectStore()
        self.accounts = FakeAccountDirectory()
        self.runs = FakeStartedRuns()
        self.keeper = self.new_keeper()

    def new_keeper(self, patience: QueuePatience = PATIENCE) -> QueueKeeper:
        gate = Gate(
            LaneClass.BULK,
            patience,
            frozenset({"twolane-inbox"}),
            DEADLINE_S,
            AdmissionPorts(self.objects, self.accounts, self.ledger),
        )
        queues = Queues(self.inbox, self.dead_letters)
        return QueueKeeper(gate, queues, self.runs, clock=lambda: self.inbox.now_s)

    def pass_time(self, seconds: float) -> None:
        for clock in (self.inbox, self.dead_letters, self.ledger):
            clock.now_s += seconds

    def send(self, name: str, account: str = "trial-lumen", **fields: object) -> str:
        """Upload a file and send a message for it; return the message's id."""
        uri = f"{INBOX}bulk/{account}/{name}"
        self.objects.put(uri, b"{}")
        return self.inbox.send(json.dumps({"batch_uri": uri, "account": account} | fields))

    def commit(self, run: RunRequest) -> None:
        """Let the batch of a run stand in both stores."""
        self.ledger.commit(run.conf["account"], run.conf["submission"], run.conf["batch_uri"])

    def reasons(self) -> list[str]:
        return [each.reason for each in look_through(self.dead_letters, self.ledger, limit=100)]


def started(world: World, name: str = "a", **fields: object) -> RunRequest:
    world.send(name, **fields)
    (run,) = world.keeper.step()
    return run
