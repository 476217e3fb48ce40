"""The composition root: hands adapters to the use cases.

The orchestrator's shells call `twolane()` and one method a step. Nothing is built at import; the
adapters are in `include.wiring.composition`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from include.config import Settings
from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.placement.routing import Placement
from include.files.lanes_file import LanesFile
from include.pipeline.batch_objects.records import BatchRecords, Collection, Validation
from include.wiring.intake import IntakeWiring
from include.wiring.lanes import LaneWiring
from include.wiring.process_root import of_address, of_environment

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.pipeline.batch.collect_batch import CollectPorts
    from include.pipeline.batch.load_batch import AheadLoader, Target
    from include.pipeline.batch.run_express import ExpressOutcome
    from include.pipeline.curves.learn_curves import Knowledge
    from include.pipeline.money.budget_gate import BudgetGate
    from include.pipeline.ports.stores import BatchClosure
    from include.pipeline.reconciliation.reconcile_ports import Proof


def utc_now() -> datetime:
    """Return the time, timezone-aware."""
    return datetime.now(UTC)


class Twolane(LaneWiring, IntakeWiring):
    """Every use case, wired to its adapters."""

    def __init__(
        self,
        settings: Settings,
        lanes: LanesFile,
        now: Callable[[], datetime] = utc_now,
        aws: AwsAddress | None = None,
    ) -> None:
        super().__init__(settings, aws)
        self.lanes = lanes
        self._now = now

    def pull(self, submission: Submission, *, run_id: str) -> BatchManifest:
        """See `include.pipeline.batch.pull_batch`."""
        from include.pipeline.batch.pull_batch import PullPolicy, PullPorts, pull_batch

        policy = PullPolicy(
            allowed_buckets=self.settings.allowed,
            work_bucket=self.settings.work_bucket,
            shard_tokens=self.settings.shard_tokens,
            shard_documents=self.settings.shard_documents,
            shard_characters=self.settings.shard_characters,
            deadline_s=self.lanes.deadline_s,
        )
        ports = PullPorts(
            self.objects,
            self.reader,
            self.registry,
            self.accounts,
            self.read_store,
            self.comparisons,
            self.budget_gate,
        )
        return pull_batch(submission, run_id=run_id, policy=policy, ports=ports)

    def submitted_bytes(self, submission: Submission) -> int:
        """See `include.pipeline.batch.pull_batch.submitted_bytes`."""
        from include.pipeline.batch.pull_batch import submitted_bytes

        return submitted_bytes(
            submission.batch_uris, allowed_buckets=self.settings.allowed, objects=self.objects
        )

    def express(
        self, submission: Submission, *, run_id: str, on_pulled: Callable[[str], None]
    ) -> ExpressOutcome:
        """See `include.pipeline.batch.run_express`."""
        from include.pipeline.batch.run_express import run_express
        from include.pipeline.batch_objects.batch_layout import batch_root
        from include.pipeline.batch_objects.near_objects import NearObjects

        bucket = self.settings.work_bucket
        with NearObjects(self.objects, owned_prefix=partial(batch_root, bucket)) as near:
            steps = Twolane(self.settings, self.lanes, self._now, self.aws)
            steps.objects = near
            return run_express(
                submission,
                run_id=run_id,
                max_bytes=self.settings.express_max_bytes,
                steps=steps,
                on_pulled=on_pulled,
            )

    def validate(self, batch_id: str) -> Validation:
        """See `include.pipeline.batch.validate_batch`."""
        from include.pipeline.batch.validate_batch import validate_batch

        return validate_batch(
            self.layout(batch_id),
            objects=self.objects,
            registry=self.registry,
            gate=self.gate,
            read_store=self.read_store,
        )

    def route(self, batch_id: str) -> Placement:
        """See `include.pipeline.batch.route_batch`."""
        from include.pipeline.batch.route_batch import route_batch

        return route_batch(
            self.layout(batch_id),
            now=self._now(),
            profiles=self.lanes.profiles(),
            loading_documents_per_s=self.settings.loading_documents_per_s,
            objects=self.objects,
            read_store=self.read_store,
            watch=self.lane_watch,
            leave=lambda lane: self._leave(batch_id, lane),
            warm=lambda: self._warm_lanes(batch_id),
            known=self._known_of,
            budgets=self.budget_gate,
        )

    def _known_of(self, model_name: str) -> Knowledge:
        from include.pipeline.curves.learn_curves import known_of

        return known_of(
            model_name,
            profiles=self.lanes.profiles(),
            exploration_share=self.settings.exploration_share,
            now=self._now(),
            book=self.curve_book,
        )

    def _learn(self, batch_id: str, *, is_failed: bool) -> None:
        """See `include.pipeline.curves.learn_curves`."""
        from include.pipeline.curves.learn_curves import learn_curves
        from include.pipeline.curves.observe_batch import observe_batch

        learn_curves(
            observe_batch(self.layout(batch_id), is_failed=is_failed, objects=self.objects),
            profiles=self.lanes.profiles(),
            book=self.curve_book,
        )

    def placement(self, batch_id: str) -> Placement:
        """Return where a routed batch runs."""
        return BatchRecords(self.objects, self.layout(batch_id)).placement()

    def outputs(self, batch_id: str) -> int:
        """Return how many shards of the batch have their output."""
        found = self.objects.list_objects(self.layout(batch_id).output_prefix)
        return sum(info.uri.endswith(".out") for info in found)

    @cached_property
    def budget_gate(self) -> BudgetGate:
        """What accounts may spend; see `include.pipeline.money.budget_gate`."""
        from include.pipeline.money.budget_gate import BudgetGate

        return BudgetGate(self.budget_book, self._now)

    def ahead_loader(self, batch_id: str) -> AheadLoader:
        """See `include.pipeline.batch.load_batch.AheadLoader`."""
        from include.pipeline.batch.load_batch import AheadLoader

        targets = (self._dynamodb, self._aurora)
        return AheadLoader(self.layout(batch_id), targets, self._collect_ports)

    def collect(self, batch_id: str) -> Collection:
        """See `include.pipeline.batch.collect_batch`."""
        from include.pipeline.batch.collect_batch import collect_batch

        return collect_batch(self.layout(batch_id), ports=self._collect_ports)

    def load_write_store(self, batch_id: str) -> datetime:
        """Load DynamoDB; return when it was done."""
        return self._load(batch_id, self._dynamodb)

    def load_read_store(self, batch_id: str) -> datetime:
        """Load Aurora; return when it was done."""
        return self._load(batch_id, self._aurora)

    def _load(self, batch_id: str, target: Target) -> datetime:
        from include.pipeline.batch.load_batch import load_batch

        load_batch(self.layout(batch_id), target, objects=self.objects)
        return self._now()

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


@cache
def twolane() -> Twolane:
    """Return the process's one composition, made from the environment."""
    return of_environment(Twolane)


@cache
def twolane_at(region: str, endpoint_urls: tuple[tuple[str, str], ...]) -> Twolane:
    """Return the process's composition for an AWS that is told, not found in the environment."""
    return of_address(Twolane, region, endpoint_urls)
