"""FeedbackBook on PostgreSQL, beside the predictions it is about."""

from __future__ import annotations

from collections.abc import Sequence

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.feedback import AnsweredDocument, Feedback, FeedbackRow, RefusedRow
from include.domain.model_ref import ModelRef


class PostgresFeedbackBook:
    """Tables `feedback` and `feedback_quarantine`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answered(self, account: str, rows: Sequence[FeedbackRow]) -> dict[int, AnsweredDocument]:
        """Return what was answered; see `FeedbackBook.answered`."""
        with self._database.transaction(f"feedback of {account!r}: looking up") as connection:
            found = connection.execute(
                query("answered_documents"),
                {
                    "account_id": account,
                    "rows": [row.row for row in rows],
                    "documents": [row.document_id for row in rows],
                    "batches": [row.batch_id for row in rows],
                },
            ).fetchall()
        return {
            row: AnsweredDocument(batch_id, document_id, ModelRef(name, version, digest))
            for row, batch_id, document_id, name, version, digest in found
        }

    def put(self, feedback: Sequence[Feedback]) -> None:
        """Keep labels; see `FeedbackBook.put`."""
        if not feedback:
            return
        about = f"feedback of {feedback[0].account!r}"
        with self._database.transaction(about) as connection:
            connection.cursor().executemany(
                query("put_feedback"),
                [
                    {
                        "account_id": each.account,
                        "document_id": each.document_id,
                        "batch_id": each.batch_id,
                        "label": each.label,
                        "source": each.source,
                        "given_at": each.given_at,
                    }
                    for each in feedback
                ],
            )

    def quarantine(
        self, account: str, refused: Sequence[RefusedRow], *, uri: str, digest: str
    ) -> None:
        """Keep rows that were set aside; see `FeedbackBook.quarantine`."""
        if not refused:
            return
        with self._database.transaction(f"feedback {uri}: quarantine") as connection:
            connection.cursor().executemany(
                query("quarantine_feedback"),
                [
                    {
                        "uri": uri,
                        "digest": digest,
                        "row": each.row,
                        "account_id": storable(account),
                        "reason": each.fault.value,
                        "detail": storable(each.detail),
                        "excerpt": storable(each.excerpt),
                    }
                    for each in refused
                ],
            )
