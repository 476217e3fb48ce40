"""FeedbackBook in dictionaries, beside the fake read store."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.feedback import AnsweredDocument, Feedback, FeedbackRow, RefusedRow
from tests.support.fakes.stores import FakeReadStore


class FakeFeedbackBook:
    """Labels by (account, batch, document) in `labels`; set-aside rows by place in `refused`."""

    def __init__(self, store: FakeReadStore) -> None:
        self._store = store
        self.labels: dict[tuple[str, str, str], Feedback] = {}
        self.refused: dict[tuple[str, str, int], RefusedRow] = {}

    def answered(self, account: str, rows: Sequence[FeedbackRow]) -> dict[int, AnsweredDocument]:
        found = {}
        for row in rows:
            about = [
                batch.manifest
                for batch in self._store.batches.values()
                if batch.manifest.account == account
                and row.batch_id in (None, batch.manifest.batch_id)
                and (row.document_id, batch.manifest.model.version) in batch.predictions
            ]
            if about:
                last = max(about, key=lambda manifest: manifest.submitted_at)
                found[row.row] = AnsweredDocument(last.batch_id, row.document_id, last.model)
        return found

    def put(self, feedback: Sequence[Feedback]) -> None:
        for each in feedback:
            key = (each.account, each.batch_id, each.document_id)
            if key not in self.labels or self.labels[key].given_at <= each.given_at:
                self.labels[key] = each

    def quarantine(
        self, account: str, refused: Sequence[RefusedRow], *, uri: str, digest: str
    ) -> None:
        for each in refused:
            self.refused.setdefault((uri, digest, each.row), each)
