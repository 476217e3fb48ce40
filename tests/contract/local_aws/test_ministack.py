"""Each part alone, as a supervisor runs them; MiniStack remembers after a graceful stop."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_aws.ports import free_port
from tests.support.local_aws import (
    LocalAws,
    client_environment,
    started,
    write_images,
)
from tests.support.sagemaker import Bucket, SageMaker, documents


@contextmanager
def ministack(folder: Path) -> Iterator[LocalAws]:
    """MiniStack alone, and a port on which SageMaker may listen."""
    port_aws, port_sagemaker = free_port(), free_port()
    command = [sys.executable, "-m", "local_aws.ministack", "--port", str(port_aws)]
    command += ["--state", str(folder / "ministack")]
    ready = [f"http://127.0.0.1:{port_aws}/_ministack/health"]
    with started(command, ready, folder / "ministack.log") as pid:
        url = f"http://127.0.0.1:{port_sagemaker}"
        yield LocalAws(client_environment(port_aws, port_sagemaker), folder, pid, url)


def test_state_survives_a_graceful_restart(tmp_path: Path) -> None:
    with ministack(tmp_path) as first:
        Bucket(first, "kept-bucket").put("k", b"kept")
        first.client("sqs").create_queue(QueueName="kept-queue")

    with ministack(tmp_path) as second:
        body = second.client("s3").get_object(Bucket="kept-bucket", Key="k")["Body"].read()
        queues = second.client("sqs").list_queues()["QueueUrls"]

    assert body == b"kept"
    assert [url.rsplit("/", 1)[1] for url in queues] == ["kept-queue"]


def test_the_sagemaker_service_alone_on_a_ministack(tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    write_images(images)
    with ministack(tmp_path) as stack:
        port = stack.sagemaker_url.rpartition(":")[2]
        command = [sys.executable, "-m", "local_aws.sagemaker", "--port", port]
        command += ["--aws-endpoint", stack.env["AWS_ENDPOINT_URL"], "--images", str(images)]
        command += ["--state", str(tmp_path / "sagemaker")]
        ready = [f"{stack.sagemaker_url}/_local/health"]
        with started(command, ready, tmp_path / "sagemaker.log"):
            bucket = Bucket(stack, "alone")
            bucket.put("in/a.jsonl", documents(1))
            sagemaker = SageMaker(stack)
            request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))

            assert sagemaker.run("processing_job", request)
