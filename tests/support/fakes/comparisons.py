"""ComparisonBook in memory, beside a fake read store that holds the batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from include.domain.comparison.betting import Counts
from include.domain.comparison.comparison import Comparison, Ending
from include.domain.comparison.sequential_test import Evidence
from include.domain.errors import ComparisonRefused
from include.domain.model_ref import ModelRef
from include.pipeline.comparison.ports import (
    BatchSample,
    Figures,
    PairedAnswer,
    Probe,
    ServedBatch,
    Side,
    Spending,
)
from tests.support.fakes.stores import FakeBatch, FakeReadStore


class FakeComparisonBook:
    """Comparisons by id in `comparisons`; right labels by batch and document in `feedback`."""

    def __init__(self, read_store: FakeReadStore) -> None:
        self._read_store = read_store
        self.comparisons: dict[str, Comparison] = {}
        self.samples: dict[tuple[str, str], BatchSample] = {}
        self.feedback: dict[tuple[str, str], str] = {}

    def open(self, comparison: Comparison) -> None:
        running = self.running(comparison.model_name)
        if running is not None and running.comparison_id != comparison.comparison_id:
            raise ComparisonRefused(f"{comparison.model_name}: {running.comparison_id} runs")
        self.comparisons.setdefault(comparison.comparison_id, comparison)

    def running(self, model_name: str) -> Comparison | None:
        found = [each for each in self.all_running() if each.model_name == model_name]
        return found[0] if found else None

    def all_running(self) -> Sequence[Comparison]:
        return [each for each in self.comparisons.values() if each.ending is None]

    def unreported(self) -> Sequence[Comparison]:
        ended = [each for each in self.comparisons.values() if each.ending is not None]
        return [each for each in ended if not each.evidence_uri]

    def waiting(self, comparison: Comparison, *, limit: int) -> Sequence[ServedBatch]:
        return [
            ServedBatch(batch_id, of.account, of.model.version, of.document_count)
            for batch_id, batch in self._read_store.batches.items()
            if batch.state == "succeeded"
            and (of := batch.manifest).model in (comparison.champion, comparison.challenger)
            and of.submitted_at >= comparison.started_at
            and (comparison.comparison_id, batch_id) not in self.samples
        ][:limit]

    def record(self, comparison_id: str, sample: BatchSample) -> None:
        self.samples.setdefault((comparison_id, sample.batch.batch_id), sample)

    def evidence(self, comparison_id: str) -> Evidence:
        pairs = self._pairs(comparison_id)
        agreeing = sum(answer.champion_label == answer.challenger_label for _, answer in pairs)
        labelled: Counter[int] = Counter()
        for label, answer in pairs:
            if label is not None:
                right = label == answer.challenger_label
                labelled[right - (label == answer.champion_label)] += 1
        counts = Counts(labelled[-1], labelled[0], labelled[1])
        return Evidence(agreeing, len(pairs) - agreeing, counts)

    def spending(self, comparison: Comparison) -> Spending:
        samples = self._samples(comparison.comparison_id)
        return Spending(
            sum(len(each.answers) + each.refused_count for each in samples),
            sum(each.list_cost_usd for each in samples),
            self._side(comparison, comparison.challenger).failed_batches,
        )

    def figures(self, comparison: Comparison) -> Figures:
        samples = self._samples(comparison.comparison_id)
        pairs = self._pairs(comparison.comparison_id)
        used = [each for each in samples if each.answers]
        return Figures(
            evidence=self.evidence(comparison.comparison_id),
            spending=self.spending(comparison),
            pairs=Counter((each.champion_label, each.challenger_label) for _, each in pairs),
            champion_right=sum(label == each.champion_label for label, each in pairs),
            challenger_right=sum(label == each.challenger_label for label, each in pairs),
            champion=self._side(comparison, comparison.champion),
            challenger=self._side(comparison, comparison.challenger),
            probe=Probe(
                sum(each.probe.documents for each in samples),
                sum(each.probe.champion_s for each in samples),
                sum(each.probe.challenger_s for each in samples),
            ),
            accounts=len({each.batch.account for each in used}),
            batches=len(used),
            refused=sum(each.refused_count for each in samples),
        )

    def end(self, comparison_id: str, ending: Ending) -> bool:
        known = self.comparisons.get(comparison_id)
        if known is None or known.ending is not None:
            return False
        self.comparisons[comparison_id] = replace(known, ending=ending)
        return True

    def latest(self, model_name: str) -> Comparison | None:
        ended = [
            (each.ending.at, each.comparison_id, each)
            for each in self.comparisons.values()
            if each.ending is not None and each.model_name == model_name
        ]
        return max(ended)[2] if ended else None

    def note_report(self, comparison_id: str, evidence_uri: str) -> None:
        known = self.comparisons[comparison_id]
        self.comparisons[comparison_id] = replace(known, evidence_uri=evidence_uri)

    def _samples(self, comparison_id: str) -> list[BatchSample]:
        return [each for (of, _), each in self.samples.items() if of == comparison_id]

    def _pairs(self, comparison_id: str) -> list[tuple[str | None, PairedAnswer]]:
        return [
            (self.feedback.get((sample.batch.batch_id, answer.document_id)), answer)
            for sample in self._samples(comparison_id)
            for answer in sample.answers
        ]

    def _side(self, comparison: Comparison, model: ModelRef) -> Side:
        batches = [
            each
            for each in self._read_store.batches.values()
            if each.manifest.model == model and each.manifest.submitted_at >= comparison.started_at
        ]
        done = [each for each in batches if each.state == "succeeded"]
        return Side(
            accounts=len({each.manifest.account for each in done}),
            batches=len(done),
            failed_batches=sum(each.state == "failed" for each in batches),
            documents=sum(each.manifest.document_count for each in done),
            elapsed_s=sum(map(_elapsed_s, done)),
            list_cost_usd=sum(
                charge.list_cost
                for charge in self._read_store.charges.values()
                if charge.batch_id in {each.manifest.batch_id for each in done}
            ),
        )


def _elapsed_s(batch: FakeBatch) -> float:
    closure = batch.closure
    assert closure is not None
    return (closure.closed_at - batch.manifest.submitted_at).total_seconds()
