"""What MiniStack has acknowledged stands after a SIGKILL."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_aws.durable.journal import Entry, Journal
from local_aws.ports import free_port
from tests.support.local_aws import (
    REPOSITORY,
    LocalAws,
    clean_environment,
    client_environment,
    wait_for,
)


@contextmanager
def killed_at_the_end(folder: Path) -> Iterator[LocalAws]:
    """MiniStack on the state in `folder`, killed without notice when the block ends."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "local_aws.ministack", "--port", str(port)]
    command += ["--state", str(folder / "state")]
    log = folder / "ministack.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=clean_environment(), stdout=stream, stderr=stream
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/_ministack/health", process, log)
        yield LocalAws(client_environment(port, port), folder, process.pid, "")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def _put_item(client, number, value="v"):
    client.put_item(
        TableName="kept", Item={"pk": {"S": f"item-{number:04}"}, "value": {"S": value}}
    )


def test_what_was_acknowledged_survives_two_kills(tmp_path):
    with killed_at_the_end(tmp_path) as aws:
        dynamodb, sqs, s3 = (aws.client(name) for name in ("dynamodb", "sqs", "s3"))
        dynamodb.create_table(
            TableName="kept",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for number in range(30):
            _put_item(dynamodb, number)
        queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
        for number in range(3):
            sqs.send_message(QueueUrl=queue, MessageBody=f"message {number}")
        first = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"][0]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="kept", Key="k", Body=b"kept")
    with killed_at_the_end(tmp_path) as aws:
        dynamodb = aws.client("dynamodb")
        dynamodb.delete_item(TableName="kept", Key={"pk": {"S": "item-0003"}})
        _put_item(dynamodb, 4, "changed")
    with killed_at_the_end(tmp_path) as aws:
        dynamodb, sqs, s3 = (aws.client(name) for name in ("dynamodb", "sqs", "s3"))
        items = dynamodb.scan(TableName="kept")["Items"]
        queue = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
        bodies = {
            message["Body"]
            for _ in range(2)
            for message in sqs.receive_message(QueueUrl=queue).get("Messages", ())
        }
        versioning = s3.get_bucket_versioning(Bucket="kept")
        content = s3.get_object(Bucket="kept", Key="k")["Body"].read()
    assert {item["pk"]["S"] for item in items} == {f"item-{n:04}" for n in range(30) if n != 3}
    assert [item["value"]["S"] for item in items if item["pk"]["S"] == "item-0004"] == ["changed"]
    assert bodies == {"message 0", "message 1", "message 2"} - {first["Body"]}
    assert versioning["Status"] == "Enabled"
    assert content == b"kept"


def test_what_a_template_made_survives_a_kill(tmp_path):
    with killed_at_the_end(tmp_path) as aws:
        formation = aws.client("cloudformation")
        formation.create_stack(
            StackName="kept",
            TemplateBody=(REPOSITORY / "infra" / "template.yaml").read_text(),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        formation.get_waiter("stack_create_complete").wait(
            StackName="kept", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        tables = aws.client("dynamodb").list_tables()["TableNames"]
        buckets = aws.client("s3").list_buckets()["Buckets"]
    with killed_at_the_end(tmp_path) as aws:
        stack = aws.client("cloudformation").describe_stacks(StackName="kept")["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert aws.client("dynamodb").list_tables()["TableNames"] == tables
        assert aws.client("s3").list_buckets()["Buckets"] == buckets


@pytest.mark.parametrize("cut_bytes", [1, 3, 40])
def test_a_last_entry_that_was_cut_off_is_left_out(tmp_path, cut_bytes):
    path = tmp_path / "journal"
    journal = Journal(path)
    whole = Entry("/", (("host", "x"),), b"first\nbody")
    journal.append(whole)
    journal.append(Entry("/", (("host", "x"),), b"second"))
    journal.close()
    os.truncate(path, path.stat().st_size - cut_bytes)
    assert list(Journal(path).entries()) == [whole]
