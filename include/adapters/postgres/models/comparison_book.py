"""ComparisonBook on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.money.usage_rows import book_usage
from include.adapters.postgres.queries import query
from include.domain.comparison.betting import Counts
from include.domain.comparison.comparison import Comparison, Ending, Finding, Kind, Plan
from include.domain.comparison.sequential_test import Evidence
from include.domain.errors import ComparisonRefused
from include.domain.model_ref import ModelRef
from include.pipeline.comparison.ports import (
    BatchSample,
    Figures,
    Probe,
    ServedBatch,
    Side,
    Spending,
)


class PostgresComparisonBook:
    """Tables `comparisons` and its kin. Schema: `include/sql/migrations/0011_comparisons.sql`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, comparison: Comparison) -> None:
        """Record a comparison that starts; see `ComparisonBook.open`."""
        name = comparison.model_name
        with self._database.transaction(f"comparison of {name}: starting") as connection:
            connection.execute(query("open_comparison"), _opening(comparison))
            running = self.running(name)
        if running is not None and running.comparison_id != comparison.comparison_id:
            raise ComparisonRefused(f"{name}: comparison {running.comparison_id} runs already")

    def running(self, model_name: str) -> Comparison | None:
        """Return the model's comparison that runs; see `Canaries.running`."""
        found = self._find(is_running=True, model_name=model_name)
        return found[0] if found else None

    def all_running(self) -> Sequence[Comparison]:
        """Return every comparison that runs; see `ComparisonBook.all_running`."""
        return self._find(is_running=True)

    def unreported(self) -> Sequence[Comparison]:
        """Return those that wait for their report; see `ComparisonBook.unreported`."""
        return self._find(is_running=False)

    def waiting(self, comparison: Comparison, *, limit: int) -> Sequence[ServedBatch]:
        """Return closed batches not looked at yet; see `ComparisonBook.waiting`."""
        values = {**_versions(comparison), "limit": limit}
        return [ServedBatch(*row) for row in self._rows("waiting_for_comparison", values)]

    def record(self, comparison_id: str, sample: BatchSample) -> None:
        """Keep what a batch adds; see `ComparisonBook.record`."""
        batch, about = sample.batch, f"comparison {comparison_id}: batch {sample.batch.batch_id}"
        keys = {"comparison_id": comparison_id, "batch_id": batch.batch_id}
        with self._database.transaction(about) as connection:
            values = {
                **keys,
                "account_id": batch.account,
                "served_version": batch.version,
                "scored_count": len(sample.answers),
                "refused_count": sample.refused_count,
                "call_s": sample.call_s,
                "list_cost_usd": sample.list_cost_usd,
                "probe_documents": sample.probe.documents,
                "champion_probe_s": sample.probe.champion_s,
                "challenger_probe_s": sample.probe.challenger_s,
                "scored_at": sample.scored_at,
            }
            if connection.execute(query("add_comparison_batch"), values).rowcount:
                rows = [{**asdict(answer), **keys} for answer in sample.answers]
                connection.cursor().executemany(query("add_comparison_answer"), rows)
                book_usage(connection, sample.charges)

    def evidence(self, comparison_id: str) -> Evidence:
        """Return what both versions said so far; see `ComparisonBook.evidence`."""
        return _evidence(self._evidence_rows(comparison_id))

    def spending(self, comparison: Comparison) -> Spending:
        """Return what was used up so far; see `ComparisonBook.spending`."""
        documents, list_cost_usd, *_ = self._totals(comparison)
        failed = self._side(comparison, comparison.challenger).failed_batches
        return Spending(documents, list_cost_usd, failed)

    def figures(self, comparison: Comparison) -> Figures:
        """Return all there is to report; see `ComparisonBook.figures`."""
        rows = self._evidence_rows(comparison.comparison_id)
        pairs: Counter[tuple[str, str]] = Counter()
        for champion, challenger, *_, count in rows:
            pairs[champion, challenger] += count
        documents, list_cost_usd, accounts, batches, refused, *probe = self._totals(comparison)
        challenger_side = self._side(comparison, comparison.challenger)
        return Figures(
            evidence=_evidence(rows),
            spending=Spending(documents, list_cost_usd, challenger_side.failed_batches),
            pairs=dict(pairs),
            champion_right=sum(row[-1] for row in rows if row[2]),
            challenger_right=sum(row[-1] for row in rows if row[3]),
            champion=self._side(comparison, comparison.champion),
            challenger=challenger_side,
            probe=Probe(*probe),
            accounts=accounts,
            batches=batches,
            refused=refused,
        )

    def end(self, comparison_id: str, ending: Ending) -> bool:
        """End a comparison; see `ComparisonBook.end`. The first ending stands."""
        values = {
            "comparison_id": comparison_id,
            "finding": ending.finding.value,
            "reason": storable(ending.reason),
            "at": ending.at,
        }
        with self._database.transaction(f"comparison {comparison_id}: ending") as connection:
            return connection.execute(query("end_comparison"), values).rowcount > 0

    def latest(self, model_name: str) -> Comparison | None:
        """Return the one that ended last; see `ComparisonBook.latest`."""
        found = self._rows("latest_comparison", {"model_name": model_name})
        return _comparison(found[0]) if found else None

    def note_report(self, comparison_id: str, evidence_uri: str) -> None:
        """Record where the report stands; see `ComparisonBook.note_report`."""
        values = {"comparison_id": comparison_id, "evidence_uri": evidence_uri}
        with self._database.transaction(f"comparison {comparison_id}: report") as connection:
            connection.execute(query("note_comparison_report"), values)

    def _find(self, *, is_running: bool, model_name: str | None = None) -> list[Comparison]:
        values = {"is_running": is_running, "model_name": model_name}
        return [_comparison(row) for row in self._rows("unreported_comparisons", values)]

    def _evidence_rows(self, comparison_id: str) -> list[tuple[Any, ...]]:
        return self._rows("comparison_evidence", {"comparison_id": comparison_id})

    def _totals(self, comparison: Comparison) -> tuple[Any, ...]:
        values = {"comparison_id": comparison.comparison_id}
        return self._rows("comparison_spending", values)[0]

    def _side(self, comparison: Comparison, model: ModelRef) -> Side:
        values = {
            "model_name": model.name,
            "version": model.version,
            "digest": model.digest,
            "started_at": comparison.started_at,
        }
        return Side(*self._rows("comparison_side", values)[0])

    def _rows(self, name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._database.transaction(f"comparisons: {name}") as connection:
            return connection.execute(query(name), values).fetchall()


def _versions(comparison: Comparison) -> dict[str, Any]:
    return {
        "comparison_id": comparison.comparison_id,
        "model_name": comparison.model_name,
        "champion_version": comparison.champion.version,
        "champion_digest": comparison.champion.digest,
        "challenger_version": comparison.challenger.version,
        "challenger_digest": comparison.challenger.digest,
        "started_at": comparison.started_at,
    }


def _opening(comparison: Comparison) -> dict[str, Any]:
    plan = {**asdict(comparison.plan), "kind": comparison.plan.kind.value}
    return {**plan, **_versions(comparison), "started_by": storable(comparison.started_by)}


def _comparison(row: Sequence[Any]) -> Comparison:
    comparison_id, name, version, digest, other_version, other_digest, by, at = row[:8]
    finding, reason, ended_at, evidence_uri, kind, *plan = row[8:]
    return Comparison(
        comparison_id,
        Plan(Kind(kind), *plan),
        ModelRef(name, version, digest),
        ModelRef(name, other_version, other_digest),
        by,
        at,
        Ending(Finding(finding), reason, ended_at) if finding else None,
        evidence_uri,
    )


def _evidence(rows: Sequence[Sequence[Any]]) -> Evidence:
    agreeing = differing = 0
    labelled = [0, 0, 0]
    for champion, challenger, champion_right, challenger_right, is_labelled, count in rows:
        agreeing += count if champion == challenger else 0
        differing += count if champion != challenger else 0
        if is_labelled:
            labelled[1 + challenger_right - champion_right] += count
    return Evidence(agreeing, differing, Counts(*labelled))
