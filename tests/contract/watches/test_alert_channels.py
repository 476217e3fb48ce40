"""The notifiers, each against a receiver on this machine; queues as they are measured."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.domain.errors import AlertsUnavailable, QueueUnavailable
from include.pipeline.alerts.notice import Notice
from tests.support.airflow_home import use_temporary_airflow_home
from tests.support.local_aws import LocalAws
from tests.support.receivers import MailServer, Webhook, mail_server, webhook

use_temporary_airflow_home()

from airflow.sdk import BaseNotifier  # noqa: E402

from include.adapters.aws.messaging.queue_gauges import SqsQueueGauges  # noqa: E402
from twolane_airflow.notifiers.email import EmailAlert  # noqa: E402
from twolane_airflow.notifiers.slack import SlackAlert  # noqa: E402
from twolane_airflow.notifiers.sns import SnsAlert  # noqa: E402

NOTICE = Notice(
    "deadline_risk",
    "b-1",
    "b-1 may be late {{ 7 * 6 }}",
    "p = 0.9 <b>{{ 7 * 6 }}</b>",
    "Look.",
    "2026-03-01T12:00:00+00:00",
    "b-1",
    "http://airflow/dags/d/runs/r",
)
SECRET = "s3cret"


@pytest.fixture(params=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Any:
    """Sends as a task does, or as the triggerer does for a deadline's callback."""

    async def in_triggerer(notifier: BaseNotifier) -> None:
        await notifier

    def run(notifier: BaseNotifier) -> None:
        if request.param == "sync":
            notifier({})
        else:
            asyncio.run(in_triggerer(notifier))

    return run


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as hook:
        connection = {"conn_type": "http", "password": hook.url}
        monkeypatch.setenv("AIRFLOW_CONN_TWOLANE_SLACK", json.dumps(connection))
        yield hook


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "twolane@example.org"}
        connection = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": server.port,
            "extra": extra | {"retry_limit": 0},
        }
        monkeypatch.setenv("AIRFLOW_CONN_TWOLANE_SMTP", json.dumps(connection))
        yield server


def test_slack_gets_the_alert_as_it_is_and_runs_no_template(slack: Webhook, send: Any) -> None:
    send(SlackAlert(notice=asdict(NOTICE)))

    (body,) = slack.got
    assert body["text"] == "b-1 may be late {{ 7 * 6 }}"
    assert "&lt;b&gt;{{ 7 * 6 }}&lt;/b&gt;" in body["blocks"][1]["text"]["text"]
    assert "http://airflow/dags/d/runs/r" in body["blocks"][1]["text"]["text"]


@pytest.mark.parametrize(("status", "answer"), [(404, b"no_service"), (429, b""), (302, b"")])
def test_what_slack_refuses_is_told_without_its_url(
    slack: Webhook, send: Any, status: int, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    slack.status, slack.answer = status, answer

    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(AlertsUnavailable, match=f"HTTP {status}: {answer.decode()}") as failure,
    ):
        send(SlackAlert(notice=asdict(NOTICE)))

    assert SECRET not in caplog.text + str(failure.value)
    assert failure.value.__cause__ is None


def test_a_slack_that_does_not_answer_is_told_without_its_url(
    monkeypatch: pytest.MonkeyPatch, send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with webhook() as gone:
        pass
    for url in (gone.url, f"http://127.0.0.1:nonsense/{SECRET}", f"ftp://host/{SECRET}"):
        connection = json.dumps({"conn_type": "http", "password": url})
        monkeypatch.setenv("AIRFLOW_CONN_TWOLANE_SLACK", connection)
        with caplog.at_level(logging.DEBUG), pytest.raises(AlertsUnavailable) as failure:
            send(SlackAlert(notice=asdict(NOTICE)))
        assert SECRET not in caplog.text + str(failure.value)


@pytest.mark.parametrize("arn", ["twolane-alerts", "arn:aws:sqs:eu-central-1:0:q"])
def test_what_is_no_topic_is_told(send: Any, arn: str) -> None:
    with pytest.raises(AlertsUnavailable, match="no ARN of an SNS topic"):
        send(SnsAlert(notice=asdict(NOTICE), topic_arn=arn))


def test_email_gets_the_alert_as_text(mail: MailServer, send: Any) -> None:
    send(EmailAlert(notice=asdict(NOTICE), to=["ada@example.org", "bob@example.org"]))

    (message,) = mail.got
    assert mail.recipients == ["ada@example.org", "bob@example.org"]
    assert message["Subject"] == "Twolane: b-1 may be late {{ 7 * 6 }}"
    assert message["From"] == "twolane@example.org"
    body = next(
        part.get_content() for part in message.walk() if part.get_content_subtype() == "html"
    )
    assert "&lt;b&gt;{{ 7 * 6 }}&lt;/b&gt;" in body
    assert 'href="http://airflow/dags/d/runs/r"' in body


def test_an_email_that_is_refused_is_an_error(mail: MailServer, send: Any) -> None:
    mail.refuses = True

    with pytest.raises(AlertsUnavailable, match="nobody here"):
        send(EmailAlert(notice=asdict(NOTICE), to=["nobody@example.org"]))


def test_email_without_a_sender_is_an_error(
    mail: MailServer, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"disable_ssl": True, "disable_tls": True}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": mail.port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_TWOLANE_SMTP", json.dumps(connection))

    with pytest.raises(AlertsUnavailable, match="from_email"):
        send(EmailAlert(notice=asdict(NOTICE), to=["ada@example.org"]))


@pytest.fixture
def aws(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    for name, value in local_aws.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws"}))
    return local_aws


def test_subscribers_of_the_topic_get_the_alert_and_its_kind(aws: LocalAws, send: Any) -> None:
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="alerts-test")["TopicArn"]
    url = sqs.create_queue(QueueName="alerts-test")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])

    send(SnsAlert(notice=asdict(NOTICE), topic_arn=topic))

    (got,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    envelope = json.loads(got["Body"])
    assert json.loads(envelope["Message"]) == asdict(NOTICE)
    assert envelope["Subject"] == "Twolane: b-1 may be late {{ 7 * 6 }}"
    assert envelope["MessageAttributes"]["kind"]["Value"] == "deadline_risk"
    sqs.delete_queue(QueueUrl=url)
    sns.delete_topic(TopicArn=topic)


def test_a_topic_that_is_not_there_is_an_error(aws: LocalAws, send: Any) -> None:
    gone = "arn:aws:sns:us-east-1:000000000000:gone"

    with pytest.raises(AlertsUnavailable, match="gone"):
        send(SnsAlert(notice=asdict(NOTICE), topic_arn=gone))


def test_a_queue_is_measured(aws: LocalAws) -> None:
    sqs, cloudwatch = aws.client("sqs"), aws.client("cloudwatch")
    gauges = SqsQueueGauges(sqs, cloudwatch)
    with pytest.raises(QueueUnavailable, match="measured-test"):
        gauges.read("measured-test", datetime.now(UTC))

    url = sqs.create_queue(QueueName="measured-test")["QueueUrl"]
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        gauge = gauges.read("measured-test", datetime.now(UTC))
        if gauge.oldest_s:
            break
        time.sleep(0.2)

    assert gauge.waiting == 3
    assert gauge.oldest_s is not None
    assert gauge.oldest_s > 0
    assert gauges.read("measured-test", datetime.now(UTC) - timedelta(hours=2)).oldest_s is None
    sqs.delete_queue(QueueUrl=url)
