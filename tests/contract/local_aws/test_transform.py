"""Batch transform: splitting, joining, failures, limits, stop."""

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sagemaker import Bucket, SageMaker, documents

NOUN = "transform_job"


def test_each_object_gets_its_predictions_in_order(sagemaker: SageMaker, bucket: Bucket) -> None:
    model = sagemaker.create_model(bucket.put_model("model.tar.gz", "cat"))
    for shard in range(3):
        bucket.put(f"in/{shard:05d}.jsonl", documents(700, f"s{shard}-"))

    described = sagemaker.run(
        NOUN, sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    )

    assert bucket.keys("out/") == [f"out/{shard:05d}.jsonl.out" for shard in range(3)]
    lines = bucket.lines("out/00001.jsonl.out")
    assert [line["id"] for line in lines] == [f"s1-{number}" for number in range(700)]
    assert lines[0]["label"] == "cat"
    assert described["CreationTime"] <= described["TransformStartTime"]
    assert described["TransformStartTime"] <= described["TransformEndTime"]


def test_mini_batches_respect_the_payload_limit_and_keep_order(
    sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/a.jsonl", documents(4000, text="x" * 1000))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out/")
    )
    request.update(MaxPayloadInMB=1, MaxConcurrentTransforms=4)

    sagemaker.run(NOUN, request)

    lines = bucket.lines("out/a.jsonl.out")
    assert [line["id"] for line in lines] == [f"d{number}" for number in range(4000)]


def test_single_records_joined_to_their_input(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(5))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/a.jsonl"), bucket.uri("out")
    )
    request.update(BatchStrategy="SingleRecord", DataProcessing={"JoinSource": "Input"})

    sagemaker.run(NOUN, request)

    lines = bucket.lines("out/a.jsonl.out")
    assert [line["id"] for line in lines] == [f"d{number}" for number in range(5)]
    assert lines[0]["text"] == "hello"
    assert lines[0]["SageMakerOutput"]["score"] == 5.0


def test_a_manifest_a_gzip_and_whole_objects(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("data/x/one.jsonl.gz", gzip.compress(documents(3)))
    bucket.put("data/x/two.jsonl.gz", gzip.compress(documents(2)))
    manifest = [{"prefix": bucket.uri("data/")}, "x/one.jsonl.gz", "x/two.jsonl.gz"]
    uri = bucket.put("manifest.json", json.dumps(manifest).encode())
    request = sagemaker.transform_request(sagemaker.create_model(), uri, bucket.uri("out"))
    request["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    request["TransformInput"].update(CompressionType="Gzip", SplitType="None")

    sagemaker.run(NOUN, request)

    assert len(bucket.lines("out/x/one.jsonl.gz.out")) == 3
    assert len(bucket.lines("out/x/two.jsonl.gz.out")) == 2


def test_a_refused_record_costs_its_file_and_fails_the_job(
    sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/bad.jsonl", documents(2) + documents(1, text="refuse"))
    bucket.put("in/good.jsonl", documents(2))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out/")
    )

    described = sagemaker.run(NOUN, request, "Failed")

    assert bucket.keys("out/") == ["out/good.jsonl.out"]
    reason = described["FailureReason"]
    assert reason.startswith("ClientError: Bad HTTP status received from algorithm: 400")
    assert "bad.jsonl" in reason


def test_a_container_that_dies_fails_the_job_with_its_last_words(
    sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/a.jsonl", documents(1, text="die"))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out/")
    )

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert reason == "AlgorithmError: told to die, exit code: 9"
    assert bucket.keys("out/") == []


def test_a_container_that_cannot_start_fails_the_job(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    model = sagemaker.create_model(FIXTURE_CRASH="1")
    request = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert reason == "AlgorithmError: exit code: 3. fixture: told to crash"


def test_a_record_over_the_payload_limit_fails_the_file(
    sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/a.jsonl", documents(1, text="x" * 1_200_000))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out/")
    )
    request.update(MaxPayloadInMB=1)

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert "Too much data for max payload size" in reason


def test_execution_parameters_fill_what_the_request_leaves_out(
    sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/a.jsonl", documents(3))
    model = sagemaker.create_model(FIXTURE_PARAMETERS='{"BatchStrategy": "SingleRecord"}')
    request = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    del request["BatchStrategy"]
    # A joined single record has no line structure to keep, so the join shows the strategy.
    request.update(DataProcessing={"JoinSource": "Input"})

    sagemaker.run(NOUN, request)

    assert len(bucket.lines("out/a.jsonl.out")) == 3


def test_stop(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    model = sagemaker.create_model(FIXTURE_SLOW_S="30")
    name = sagemaker.start(
        NOUN, sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    )

    sagemaker.client.stop_transform_job(TransformJobName=name)
    first = sagemaker.describe(NOUN, name)
    last = sagemaker.finished(NOUN, name)

    assert first["TransformJobStatus"] in {"Stopping", "Stopped"}
    assert last["TransformJobStatus"] == "Stopped"
    with pytest.raises(
        ClientError, match="rejected because the transform job is in status Stopped"
    ):
        sagemaker.client.stop_transform_job(TransformJobName=name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB must not exceed 100"),
        ({"MaxPayloadInMB": 20, "MaxConcurrentTransforms": 6}, "must not exceed 100 MB"),
        ({"DataProcessing": {"InputFilter": "$.id"}}, "InputFilter is not implemented"),
        ({"ModelName": "nobody"}, "Could not find model"),
    ],
)
def test_what_is_refused_at_once(
    sagemaker: SageMaker, bucket: Bucket, change: dict[str, Any], words: str
) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out/")
    )

    with pytest.raises(ClientError, match=words):
        sagemaker.start(NOUN, {**request, **change})


def test_an_empty_prefix_is_refused_at_once(sagemaker: SageMaker, bucket: Bucket) -> None:
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("nothing/"), bucket.uri("out/")
    )

    with pytest.raises(ClientError, match="No S3 objects found under S3 URL"):
        sagemaker.start(NOUN, request)


def test_a_name_is_used_once_for_ever(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out/")
    )
    sagemaker.run(NOUN, request)

    with pytest.raises(ClientError, match="Job name must be unique") as caught:
        sagemaker.start(NOUN, request)

    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


def test_an_unknown_job(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError, match="Could not find requested job") as caught:
        sagemaker.describe(NOUN, "nobody")

    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_several_instances_share_the_objects(sagemaker: SageMaker, bucket: Bucket) -> None:
    for shard in range(6):
        bucket.put(f"in/{shard}.jsonl", documents(2))
    request = sagemaker.transform_request(
        sagemaker.create_model(FIXTURE_SLOW_S="0.1"), bucket.uri("in/"), bucket.uri("out/")
    )
    request["TransformResources"]["InstanceCount"] = 2

    sagemaker.run(NOUN, request)

    assert len(bucket.keys("out/")) == 6
