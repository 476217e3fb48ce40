"""DriftBook on PostgreSQL, beside the batches and the feedback it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import groupby

from pydantic import TypeAdapter

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.drift.policy import Finding, Stream
from include.domain.drift.sketch import Sketch, merged
from include.domain.drift.windows import Day
from include.domain.model_ref import ModelRef
from include.pipeline.drift.ports import (
    Alarm,
    BatchProfile,
    DriftRelease,
    LabelledAnswers,
    LabelledReference,
)

_SKETCH: TypeAdapter[Sketch] = TypeAdapter(Sketch)


class PostgresDriftBook:
    """Tables `drift_profiles`, `drift_findings` and `drift_releases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unprofiled(self, since: datetime) -> list[str]:
        """Return batches not looked at yet; see `DriftBook.unprofiled`."""
        with self._database.transaction("drift: batches to look at") as connection:
            found = connection.execute(query("unprofiled_batches"), {"since": since}).fetchall()
        return [str(row[0]) for row in found]

    def keep_profile(self, profile: BatchProfile) -> None:
        """Keep what was seen of a batch; see `DriftBook.keep_profile`."""
        sketch = profile.sketch
        with self._database.transaction(f"drift: batch {profile.batch_id}") as connection:
            connection.execute(
                query("keep_drift_profile"),
                {
                    "batch_id": profile.batch_id,
                    "account_id": profile.stream.account,
                    "model_name": profile.stream.model.name,
                    "model_version": profile.stream.model.version,
                    "model_digest": profile.stream.model.digest,
                    "night": profile.night,
                    "documents": sketch.documents if sketch else 0,
                    "sketch": _SKETCH.dump_json(sketch).decode() if sketch else None,
                },
            )

    def streams(
        self, night: date, *, first_nights: int, window_days: int
    ) -> Mapping[Stream, Sequence[Day]]:
        """Return the night's streams; see `DriftBook.streams`."""
        with self._database.transaction(f"drift: streams of {night}") as connection:
            rows = connection.execute(
                query("drift_streams"),
                {"night": night, "first_nights": first_nights, "window_days": window_days},
            ).fetchall()
        return {
            Stream(account, ModelRef(*model)): [
                Day(day, merged(_SKETCH.validate_python(row[5]) for row in same_day))
                for day, same_day in groupby(of_stream, key=lambda row: row[4])
            ]
            for (account, *model), of_stream in groupby(rows, key=lambda row: row[:4])
        }

    def labelled_answers(self, night: date, *, days: int) -> Mapping[Stream, LabelledAnswers]:
        """Return how answers did; see `DriftBook.labelled_answers`."""
        with self._database.transaction(f"drift: labels until {night}") as connection:
            rows = connection.execute(
                query("labelled_answers"), {"night": night, "days": days}
            ).fetchall()
        return {
            Stream(account, ModelRef(name, version, digest)): LabelledAnswers(*counts)
            for account, name, version, digest, *counts in rows
        }

    def record(self, night: date, findings: Sequence[Finding], *, report_uri: str) -> None:
        """Keep a night's findings; see `DriftBook.record`."""
        with self._database.transaction(f"drift: findings of {night}") as connection:
            connection.execute(query("clear_drift_findings"), {"night": night})
            if findings:
                values = map(partial(_finding_row, report_uri=report_uri), findings)
                connection.cursor().executemany(query("add_drift_finding"), list(values))

    def alarms(self, since: date, until: date) -> list[Alarm]:
        """Return major findings; see `DriftBook.alarms`."""
        with self._database.transaction(f"drift: alarms since {since}") as connection:
            values = {"since": since, "until": until}
            rows = connection.execute(query("drift_alarms"), values).fetchall()
        return [Alarm(*row) for row in rows]

    def labelled(self, model_name: str, accounts: Sequence[str]) -> list[LabelledReference]:
        """Return labelled documents; see `DriftBook.labelled`."""
        with self._database.transaction(f"drift: labels for {model_name}") as connection:
            values = {"model_name": model_name, "accounts": list(accounts)}
            rows = connection.execute(query("drift_labelled"), values).fetchall()
        return [LabelledReference(*row) for row in rows]

    def releases(self, since: date) -> list[DriftRelease]:
        """Return releases that were asked for; see `DriftBook.releases`."""
        with self._database.transaction(f"drift: releases since {since}") as connection:
            rows = connection.execute(query("drift_releases"), {"since": since}).fetchall()
        return [DriftRelease(*row) for row in rows]

    def keep_release(self, release: DriftRelease) -> None:
        """Note a release; see `DriftBook.keep_release`."""
        with self._database.transaction(f"drift: {release.run_id}") as connection:
            connection.execute(
                query("keep_drift_release"),
                {
                    "run_id": release.run_id,
                    "model_name": release.model_name,
                    "night": release.night,
                    "reason": release.reason,
                    "data_uri": release.data_uri,
                },
            )


def _finding_row(finding: Finding, report_uri: str) -> dict[str, object]:
    comparison = finding.comparison
    return {
        "night": finding.night,
        "account_id": comparison.stream.account,
        "model_name": comparison.stream.model.name,
        "model_version": comparison.stream.model.version,
        "feature": comparison.feature.value,
        "window_days": comparison.days,
        "compared_with": comparison.source.value,
        "documents": comparison.documents,
        "reference_documents": comparison.reference_documents,
        "effect": comparison.effect,
        "p_value": comparison.p_value,
        "adjusted_p_value": finding.adjusted_p_value,
        "level": finding.level.value,
        "note": storable(comparison.note),
        "report_uri": report_uri,
    }
