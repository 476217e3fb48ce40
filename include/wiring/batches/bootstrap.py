"""The composition root: hands adapters to the use cases.

The orchestrator's shells call `twolane()` and one method a step. Nothing is built at import; the
adapters are in `include.wiring.composition`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.records import BatchRecords, Validation
from include.wiring.batches.intake import IntakeWiring
from include.wiring.batches.loading import LoadingWiring
from include.wiring.process_root import of_address, of_environment

if TYPE_CHECKING:
    from include.pipeline.batch.run_express import ExpressOutcome
    from include.pipeline.curves.learn_curves import Knowledge
    from include.pipeline.money.budget_gate import BudgetGate


class Twolane(LoadingWiring, IntakeWiring):
    """Every use case, wired to its adapters."""

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


@cache
def twolane() -> Twolane:
    """Return the process's one composition, made from the environment."""
    return of_environment(Twolane)


@cache
def twolane_at(region: str, endpoint_urls: tuple[tuple[str, str], ...]) -> Twolane:
    """Return the process's composition for an AWS that is told, not found in the environment."""
    return of_address(Twolane, region, endpoint_urls)
