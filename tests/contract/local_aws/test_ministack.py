"""MiniStack as a component: it answers on loopback and remembers after a graceful stop."""

from pathlib import Path

from tests.support.local_aws import LocalAws, running_local_aws


def test_s3_and_dynamodb_answer(local_aws: LocalAws) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="ministack-answers")
    s3.put_object(Bucket="ministack-answers", Key="a", Body=b"1")

    assert s3.get_object(Bucket="ministack-answers", Key="a")["Body"].read() == b"1"
    assert local_aws.client("dynamodb").list_tables()["TableNames"] is not None


def test_state_survives_a_graceful_restart(tmp_path: Path) -> None:
    with running_local_aws(tmp_path) as first:
        first.client("s3").create_bucket(Bucket="kept-bucket")
        first.client("s3").put_object(Bucket="kept-bucket", Key="k", Body=b"kept")
        first.client("sqs").create_queue(QueueName="kept-queue")

    with running_local_aws(tmp_path) as second:
        body = second.client("s3").get_object(Bucket="kept-bucket", Key="k")["Body"].read()
        queues = second.client("sqs").list_queues()["QueueUrls"]

    assert body == b"kept"
    assert [url.rsplit("/", 1)[1] for url in queues] == ["kept-queue"]
