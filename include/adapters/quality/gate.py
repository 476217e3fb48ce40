"""The quality gate over Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from include.adapters.quality.report import render_page
from include.adapters.quality.suites import Rule, load_suite
from include.adapters.quality.tables import Columns, document_columns, prediction_columns
from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.batches.predictions import Prediction
from include.pipeline.ports.quality import ExpectationResult, PoisonRow, ShardVerdict

if TYPE_CHECKING:
    from include.adapters.quality.validator import Outcome, SuiteValidator

DOCUMENTS_IN = "documents_in"
PREDICTIONS_OUT = "predictions_out"
SAMPLES_KEPT = 5

MAX_ID_BYTES = 1_024
"""DynamoDB's partition key holds 2,048 bytes, and the account is in it too."""


class GreatExpectationsGate:
    """`QualityGate` over the suites in `suites/`.

    The first use in a process imports Great Expectations and compiles the suites, which takes
    seconds; a process that is forked later inherits both, so call `warm_up` before forking.
    """

    def __init__(self, *, max_document_characters: int, max_id_bytes: int = MAX_ID_BYTES) -> None:
        """Make a gate.

        Args:
            max_document_characters: longer texts are set aside.
            max_id_bytes: longer ids, in UTF-8, are set aside.
        """
        self._limits: dict[str, object] = {
            "max_document_characters": max_document_characters,
            "max_id_bytes": max_id_bytes,
        }

    def warm_up(self) -> None:
        """Pay now for what the first check would: imports, suites, Great Expectations' caches."""
        self.check_documents([RawDocument(0, "warm-up", "one sound document")], [])
        self.check_predictions([Prediction("warm-up", "sound", 1.0)], labels=["sound"])

    def check_documents(
        self, rows: Sequence[RawDocument], duplicate_positions: Sequence[int]
    ) -> ShardVerdict:
        """Judge rows as pulled. Each bad row is named once, with its first reason.

        Args:
            rows: one shard.
            duplicate_positions: positions in `rows` whose id stood earlier in the batch.
        """
        columns = document_columns(rows, duplicate_positions)
        own_reasons = [row.fault for row in rows]
        heads = [f"row {row.row}" for row in rows]
        return _judge(DOCUMENTS_IN, columns, self._limits, heads, own_reasons)

    def check_predictions(
        self, predictions: Sequence[Prediction], *, labels: Sequence[str]
    ) -> ShardVerdict:
        """Judge predictions: label known, score a probability, id present and unique."""
        columns = prediction_columns(predictions)
        heads = [f"document {prediction.document_id!r:.80}" for prediction in predictions]
        return _judge(PREDICTIONS_OUT, columns, {"labels": list(labels)}, heads, None)

    def render_report(
        self, *, title: str, facts: dict[str, str], results: Sequence[ExpectationResult]
    ) -> str:
        """Return a self-contained HTML page over all shards' results (merged by expectation)."""
        suites = [load_suite(DOCUMENTS_IN), load_suite(PREDICTIONS_OUT)]
        return render_page(title=title, facts=facts, suites=suites, results=results)


@cache
def _validator(suite_name: str) -> SuiteValidator:
    # Imported here: Great Expectations takes a second to import, a report does not need it.
    from include.adapters.quality.validator import SuiteValidator

    return SuiteValidator(load_suite(suite_name))


def _judge(
    suite_name: str,
    columns: Columns,
    parameters: Mapping[str, object],
    heads: Sequence[str],
    own_reasons: Sequence[QuarantineReason | None] | None,
) -> ShardVerdict:
    """Validate columns; name each failing row once, by the first rule it fails.

    Args:
        heads: what a row is called in the samples.
        own_reasons: by row, for the rule that leaves the reason to the row.
    """
    suite = load_suite(suite_name)
    if not heads:
        return ShardVerdict((), tuple(ExpectationResult(r.words, 0, 0) for r in suite.rules))
    outcomes = _validator(suite_name).validate(columns, parameters)
    poison: dict[int, PoisonRow] = {}
    results = []
    for rule in suite.rules:
        outcome = outcomes[rule.name]
        details = {
            position: _detail(rule, position, columns, parameters)
            for position in outcome.unexpected_positions
        }
        for position, detail in details.items():
            reason = rule.reason or (own_reasons[position] if own_reasons else None)
            poison.setdefault(
                position, PoisonRow(position, reason or QuarantineReason.MODEL_ERROR, detail)
            )
        results.append(_result(rule, outcome, details, heads))
    return ShardVerdict(tuple(poison[position] for position in sorted(poison)), tuple(results))


def _detail(rule: Rule, position: int, columns: Columns, parameters: Mapping[str, object]) -> str:
    values = {name: column[position] for name, column in columns.items()}
    return rule.detail.format(**values, **parameters)


def _result(
    rule: Rule, outcome: Outcome, details: Mapping[int, str], heads: Sequence[str]
) -> ExpectationResult:
    samples = [f"{heads[p]}: {details[p]}" for p in list(details)[:SAMPLES_KEPT]]
    return ExpectationResult(
        expectation=rule.words,
        evaluated_count=outcome.evaluated_count,
        unexpected_count=len(outcome.unexpected_positions),
        samples=tuple(samples),
    )
