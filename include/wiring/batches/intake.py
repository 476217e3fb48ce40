"""The composition of intake: batches that come by a queue, or wait for the night."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from include.files.lanes_file import LanesFile
from include.wiring.composition import Adapters

if TYPE_CHECKING:
    from include.domain.queues.lane_class import LaneClass
    from include.pipeline.batch.nightly_inbox import WaitingBatch
    from include.pipeline.queues.keep_queue import QueueKeeper
    from include.pipeline.queues.ports import StartedRuns


class IntakeWiring(Adapters):
    """What brings batches in beside the form and the API, wired; the lanes file is the heir's."""

    lanes: LanesFile

    def queue_keeper(self, lane_class: LaneClass, started: StartedRuns) -> QueueKeeper:
        """See `include.pipeline.queues.keep_queue`."""
        from include.pipeline.queues.admit_message import AdmissionPorts, Gate
        from include.pipeline.queues.keep_queue import QueueKeeper

        gate = Gate(
            lane_class,
            self.settings.queue_patience(lane_class),
            self.settings.allowed,
            self.lanes.deadline_s,
            AdmissionPorts(self.uploads, self.accounts, self.queue_ledger),
        )
        return QueueKeeper(gate, self.queues(lane_class), started)

    def record_run_failure(self, run_id: str, reason: str, *, is_final: bool) -> bool:
        """Note on a queue's request why its run failed; False where the run is no queue's."""
        return self.queue_ledger.record_failure(run_id, reason, is_final=is_final)

    def find_nightly(self) -> list[WaitingBatch]:
        """See `include.pipeline.batch.nightly_inbox.find_waiting`."""
        from include.pipeline.batch.nightly_inbox import find_waiting

        return find_waiting(
            self.settings.inbox_bucket,
            join_bytes=self.settings.nightly_join_bytes,
            objects=self.objects,
        )

    def archive_nightly(self, uris: Sequence[str]) -> None:
        """See `include.pipeline.batch.nightly_inbox.archive`."""
        from include.pipeline.batch.nightly_inbox import archive

        archive(uris, inbox_bucket=self.settings.inbox_bucket, objects=self.objects)
