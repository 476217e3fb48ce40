"""What happens to a batch reaches people once, with the way to its run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.conftest import forget_settings, json_lines, sound
from tests.support.receivers import Webhook, webhook


@pytest.fixture
def slack(product: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    from include.wiring.alerting import alerting

    with webhook() as hook:
        connection = {"conn_type": "http", "password": hook.url}
        monkeypatch.setenv("AIRFLOW_CONN_TWOLANE_SLACK", json.dumps(connection))
        forget_settings()
        alerting.cache_clear()
        yield hook
    monkeypatch.undo()
    alerting.cache_clear()


@pytest.fixture
def budget(product: Any) -> Iterator[str]:
    """An account whose every batch is warned of."""
    from include.adapters.postgres.money.budget_book import PostgresBudgetBook
    from include.domain.money.budgets import Budget
    from include.wiring.batches.bootstrap import twolane

    account, book = "trial-lumen", PostgresBudgetBook(twolane().database)
    book.put(Budget(account, 1.0, warn_share=1e-9), by="tests")
    yield account
    book.remove(account)


def test_a_warning_is_sent_once_with_the_link_to_the_run(
    product: Any, slack: Webhook, budget: str
) -> None:
    from include.domain.queues.lane_class import LaneClass
    from include.wiring.batches.bootstrap import twolane

    outcome = product.infer(product.upload("a.jsonl", json_lines(*sound(3))), account=budget)
    assert outcome.state == "success"
    twolane().queue_ledger.refuse(
        "poison", lane_class=LaneClass.BULK, account="", reason="<not JSON>", message_id="m-1"
    )

    first = product.run("send_alerts", {"trial": False})
    sent = list(slack.got)
    second = product.run("send_alerts", {"trial": True})

    assert first.tasks == second.tasks == {"watch": "success", "send": "success"}
    assert [body["text"] for body in slack.got[len(sent) :]] == ["Alerts arrive here"]
    texts = {body["text"]: body["blocks"][1]["text"]["text"] for body in sent}
    path = f"/dags/document_inference/runs/{quote(outcome.run_id, safe='')}|Open in Airflow>"
    assert path in texts[f"Budget of {budget}: batches warned"]
    letters = texts["Dead letters in the bulk queue from nobody known"]
    assert "&lt;not JSON&gt;" in letters
    assert "python -m include.cli.redrive bulk" in letters
    kept = product.query(
        "SELECT a.kind, d.attempts, d.delivered_at IS NOT NULL AS is_sent FROM alerts AS a"
        " JOIN alert_deliveries AS d USING (alert_id) WHERE a.subject LIKE %s",
        f"%{budget}%{datetime.now(UTC).date()}%",
    )
    assert kept == [{"kind": "budget", "attempts": 1, "is_sent": True}]
