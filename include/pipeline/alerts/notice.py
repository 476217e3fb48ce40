"""An alert as people read it, in the words of each channel."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from include.domain.alerts import Alert

SLACK_HEADER_CHARACTERS = 150
SLACK_SECTION_CHARACTERS = 3_000
"""Limits of a header's and a section's text (Slack, "Block Kit: blocks")."""

_DETAIL_CHARACTERS = 1_500
_NEXT_STEP_CHARACTERS = 700
_FACTS_CHARACTERS = 300
"""So that what to do and where to look is there, however long the detail is."""

SNS_SUBJECT_CHARACTERS = 100
"""An SNS subject is shorter than this, ASCII, on one line (Amazon SNS API Reference, Publish)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent of an alert: texts alone, so that it can be handed from process to process.

    Attributes:
        at: ISO 8601, UTC.
        batch_id: empty where it is about no batch.
        link: URL of the batch's run, or of what else to look at; empty for none.
    """

    kind: str
    subject: str
    title: str
    detail: str
    next_step: str
    at: str
    batch_id: str = ""
    link: str = ""

    @classmethod
    def of(cls, alert: Alert, link: str) -> Notice:
        """Return the notice of an alert."""
        return cls(
            kind=alert.kind.value,
            subject=alert.subject,
            title=" ".join(alert.title.split()),
            detail=alert.detail,
            next_step=alert.next_step,
            at=alert.at.isoformat(timespec="seconds"),
            batch_id=alert.batch_id or "",
            link=link,
        )


def slack_message(notice: Notice) -> dict[str, Any]:
    """Return the body for an incoming webhook. Nothing in it mentions or formats by accident."""
    subject = _slack(notice.subject, _FACTS_CHARACTERS)
    facts = f"`{_slack(notice.kind)}` · {subject} · {_slack(notice.at)}"
    detail = _slack(notice.detail, _DETAIL_CHARACTERS)
    text = f"{detail}\n*Next:* {_slack(notice.next_step, _NEXT_STEP_CHARACTERS)}".strip()
    link = f"\n<{_slack(notice.link)}|Open in Airflow>" if notice.link else ""
    if len(text) + len(link) <= SLACK_SECTION_CHARACTERS:
        text += link
    title = notice.title[:SLACK_HEADER_CHARACTERS]
    return {
        "text": _slack(title),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
            {"type": "section", "text": _markdown(text)},
            {"type": "context", "elements": [_markdown(facts)]},
        ],
    }


def sns_message(notice: Notice) -> tuple[str, str]:
    """Return subject and message: JSON, as programs subscribe as well as people."""
    subject = f"Twolane: {notice.title}".encode("ascii", "replace").decode()
    printable = "".join(each if each.isprintable() else " " for each in subject)
    return printable[: SNS_SUBJECT_CHARACTERS - 1], json.dumps(asdict(notice), indent=2)


def email_message(notice: Notice) -> tuple[str, str]:
    """Return subject and HTML body."""
    rows = [f"<p><strong>{escape(notice.title)}</strong></p>"]
    if notice.detail:
        rows.append(f"<p>{escape(notice.detail)}</p>")
    rows.append(f"<p><strong>Next:</strong> {escape(notice.next_step)}</p>")
    if notice.link:
        rows.append(f'<p><a href="{escape(notice.link)}">Open in Airflow</a></p>')
    facts = " · ".join(escape(each) for each in (notice.kind, notice.subject, notice.at))
    rows.append(f"<p><small>{facts}</small></p>")
    return f"Twolane: {notice.title}", "\n".join(rows)


def _markdown(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _slack(text: str, limit: int = SLACK_SECTION_CHARACTERS) -> str:
    """Escape as Slack asks for ("Formatting text for app surfaces"): mentions become text.

    What is longer than the limit then is cut, and ends in an ellipsis.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped) <= limit:
        return escaped
    cut = escaped[: limit - 1]
    begun = cut.rfind("&", len(cut) - 4)
    if begun >= 0 and ";" not in cut[begun:]:
        cut = cut[:begun]
    return f"{cut}…"
