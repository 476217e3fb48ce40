"""What channels are told: all that matters, and nothing of it is taken for markup."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.notice import Notice, email_message, slack_message, sns_message

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINK = "http://airflow/dags/d/runs/r?a=1&b=2"
EVIL = "<!channel> <http://x|y> & <b>bold</b>"


def notice(title: str = "b-1 may be late", detail: str = "p = 0.9", link: str = LINK) -> Notice:
    alert = Alert(AlertKind.DEADLINE_RISK, "b-1", title, detail, "Look & see.", NOW, "b-1")
    return Notice.of(alert, link)


def test_slack_says_what_happened_what_to_do_and_where_to_look():
    body = slack_message(notice())

    header, section, context = body["blocks"]
    assert header["text"]["text"] == "b-1 may be late" == body["text"]
    text = section["text"]["text"]
    assert text.startswith("p = 0.9\n*Next:* Look &amp; see.")
    assert "<http://airflow/dags/d/runs/r?a=1&amp;b=2|Open in Airflow>" in text
    assert "2026-03-01T12:00:00+00:00" in context["elements"][0]["text"]


def test_slack_takes_no_mention_from_what_is_quoted():
    body = slack_message(notice(title=EVIL, detail=EVIL, link=""))

    assert "<" not in body["text"] + body["blocks"][1]["text"]["text"]
    assert body["blocks"][0]["text"]["type"] == "plain_text"


@given(title=st.text(min_size=1).filter(lambda t: t.strip() and "\n" not in t), detail=st.text())
def test_every_channel_keeps_its_limits(title, detail):
    shown = notice(title, detail * 50)

    body = slack_message(shown)
    subject, message = sns_message(shown)
    mail_subject, _ = email_message(shown)
    assert len(body["blocks"][0]["text"]["text"]) <= 150
    section = body["blocks"][1]["text"]["text"]
    assert len(section) <= 3000
    assert section.endswith("|Open in Airflow>")
    assert "*Next:* Look &amp; see." in section
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert len(mail_subject.splitlines()) == 1
    assert json.loads(message)["detail"] == detail * 50


@given(st.text("&<>a", min_size=1490, max_size=1600))
def test_what_is_cut_is_cut_between_characters(detail):
    section = slack_message(notice(detail=detail, link=""))["blocks"][1]["text"]["text"]

    shown, _, _ = section.partition("\n")
    assert len(shown) <= 1500
    assert detail.startswith(unescape(shown.removesuffix("…")))


def test_email_shows_markup_as_it_stands():
    subject, body = email_message(notice(detail=EVIL))

    assert subject == "Twolane: b-1 may be late"
    assert "&lt;b&gt;bold&lt;/b&gt;" in body
    assert 'href="http://airflow/dags/d/runs/r?a=1&amp;b=2"' in body


def test_without_a_batch_there_is_no_link():
    bare = notice(link="")

    assert "Open in Airflow" not in json.dumps(slack_message(bare)) + email_message(bare)[1]
