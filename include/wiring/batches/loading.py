"""The composition behind the lanes: answers are checked, loaded and proved, the batch is closed."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from include.pipeline.batch_objects.records import Collection
from include.wiring.batches.lanes import LaneWiring

if TYPE_CHECKING:
    from include.pipeline.batch.collect_batch import CollectPorts
    from include.pipeline.batch.load_batch import AheadLoader, Target
    from include.pipeline.ports.stores import BatchClosure
    from include.pipeline.reconciliation.reconcile_ports import Proof


class LoadingWiring(LaneWiring):
    """What becomes of a lane's answers, wired."""

    def collect(self, batch_id: str) -> Collection:
        """See `include.pipeline.batch.collect_batch`."""
        from include.pipeline.batch.collect_batch import collect_batch

        return collect_batch(self.layout(batch_id), ports=self._collect_ports)

    def ahead_loader(self, batch_id: str) -> AheadLoader:
        """See `include.pipeline.batch.load_batch.AheadLoader`."""
        from include.pipeline.batch.load_batch import AheadLoader

        targets = (self._dynamodb, self._aurora)
        return AheadLoader(self.layout(batch_id), targets, self._collect_ports)

    def load_write_store(self, batch_id: str) -> datetime:
        """Load DynamoDB; return when it was done."""
        return self._load(batch_id, self._dynamodb)

    def load_read_store(self, batch_id: str) -> datetime:
        """Load Aurora; return when it was done."""
        return self._load(batch_id, self._aurora)

    def close(self, batch_id: str, *, loaded_at: datetime) -> BatchClosure:
        """See `include.pipeline.batch.close_batch`."""
        from include.pipeline.batch.close_batch import ClosePorts, close_batch

        closure = close_batch(
            self.layout(batch_id),
            loaded_at=loaded_at,
            profiles=self.lanes.profiles(),
            is_emulated=self.settings.is_emulated,
            ports=ClosePorts(self.objects, self.gate, self.read_store, self.write_store, self.book),
        )
        self._learn(batch_id, is_failed=False)
        return closure

    def fail(self, batch_id: str, message: str) -> None:
        """See `include.pipeline.batch.close_batch.fail_batch`."""
        from include.pipeline.batch.close_batch import fail_batch

        fail_batch(
            self.layout(batch_id),
            message,
            now=self._now(),
            profiles=self.lanes.profiles(),
            is_emulated=self.settings.is_emulated,
            objects=self.objects,
            read_store=self.read_store,
        )
        self._learn(batch_id, is_failed=True)

    def reconcile(self, batch_id: str, *, is_repaired: bool) -> Proof:
        """Read every row of a batch; see `include.pipeline.reconciliation.reconcile_batch`."""
        from include.pipeline.reconciliation.reconcile_batch import ReconcilePorts, reconcile_batch
        from include.pipeline.reconciliation.reconcile_ports import Scope

        return reconcile_batch(
            self.layout(batch_id),
            scope=Scope.FULL,
            is_repaired=is_repaired,
            now=self._now,
            ports=ReconcilePorts(self.objects, self.read_store, self.write_store, self.book),
        )

    def succeeded_since(self, moment: datetime) -> list[str]:
        """Return the batches that succeeded since."""
        return self.book.succeeded_since(moment)

    def _load(self, batch_id: str, target: Target) -> datetime:
        from include.pipeline.batch.load_batch import load_batch

        load_batch(self.layout(batch_id), target, objects=self.objects)
        return self._now()

    def _learn(self, batch_id: str, *, is_failed: bool) -> None:
        """See `include.pipeline.curves.learn_curves`."""
        from include.pipeline.curves.learn_curves import learn_curves
        from include.pipeline.curves.observe_batch import observe_batch

        learn_curves(
            observe_batch(self.layout(batch_id), is_failed=is_failed, objects=self.objects),
            profiles=self.lanes.profiles(),
            book=self.curve_book,
        )

    @cached_property
    def _collect_ports(self) -> CollectPorts:
        from include.pipeline.batch.collect_batch import CollectPorts

        return CollectPorts(self.objects, self.registry, self.gate, self.read_store)

    @cached_property
    def _dynamodb(self) -> Target:
        from include.pipeline.batch.load_batch import Target

        return Target("dynamodb", self.write_store.put)

    @cached_property
    def _aurora(self) -> Target:
        from include.pipeline.batch.load_batch import Target

        return Target("aurora", self.read_store.load_predictions)
