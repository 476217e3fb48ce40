"""Processing jobs: inputs dealt out, outputs gathered, failures with their reason."""

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws import ABSENT_IMAGE, LocalAws
from tests.support.sagemaker import Bucket, SageMaker, documents, eventually, s3_input

NOUN = "processing_job"


def test_shards_are_dealt_out_over_the_instances(
    local_aws: LocalAws, sagemaker: SageMaker, bucket: Bucket
) -> None:
    for shard in range(4):
        bucket.put(f"in/{shard:05d}.jsonl", documents(3))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2

    described = sagemaker.run(NOUN, request)

    assert bucket.keys("out/") == [f"out/{shard:05d}.jsonl.out" for shard in range(4)]
    assert described["ExitMessage"] == "fixture done"
    assert described["ProcessingStartTime"] <= described["ProcessingEndTime"]
    logs = local_aws.client("logs")
    name = described["ProcessingJobName"]

    def messages(host: str) -> list[str]:
        try:
            events = logs.get_log_events(
                logGroupName="/aws/sagemaker/ProcessingJobs", logStreamName=f"{name}/{host}"
            )
        except ClientError:
            return []
        return [event["message"] for event in events["events"]]

    assert eventually(lambda: messages("algo-1")) == ["host algo-1 of 2"]
    assert eventually(lambda: messages("algo-2")) == ["host algo-2 of 2"]


def test_several_inputs_and_one_object_by_its_own_name(
    sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/a.jsonl"), bucket.uri("out/"))
    uri = bucket.put_model("m/model.tar.gz", "cat")
    request["ProcessingInputs"].append(s3_input("model", uri))

    sagemaker.run(NOUN, request)

    assert bucket.keys("out/") == ["out/a.jsonl.out"]


def test_a_crash_is_told_with_its_last_words(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["Environment"] = {"FIXTURE_CRASH": "1"}

    described = sagemaker.run(NOUN, request, "Failed")

    assert described["FailureReason"] == "AlgorithmError: fixture: told to crash, exit code: 3"
    assert bucket.keys("out/") == []


def test_an_unknown_image_fails_the_job(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["AppSpecification"]["ImageUri"] = "000000000000.dkr.ecr.us-east-1.amazonaws.com/no:1"

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert reason.startswith("ClientError: Cannot find repository: no in registry ID")


def test_an_image_that_is_not_installed_fails_the_job(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["AppSpecification"]["ImageUri"] = ABSENT_IMAGE

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert "absent:1 cannot be run" in reason
    assert reason.endswith("is not installed: make it")


def test_an_empty_prefix_fails_the_job(sagemaker: SageMaker, bucket: Bucket) -> None:
    request = sagemaker.processing_request(bucket.uri("nothing/"), bucket.uri("out/"))

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert reason.startswith("ClientError: Data download failed:No S3 objects found")


def test_stop_and_time_limit(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    stopped = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    stopped["Environment"] = {"FIXTURE_SLOW_S": "30"}
    timed = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    timed.update(Environment=stopped["Environment"], StoppingCondition={"MaxRuntimeInSeconds": 1})

    name = sagemaker.start(NOUN, stopped)
    sagemaker.client.stop_processing_job(ProcessingJobName=name)

    assert sagemaker.finished(NOUN, name)["ProcessingJobStatus"] == "Stopped"
    assert sagemaker.run(NOUN, timed, "Stopped")
    assert bucket.keys("out/") == []


def test_continuous_outputs_appear_while_the_job_runs(sagemaker: SageMaker, bucket: Bucket) -> None:
    for shard in range(3):
        bucket.put(f"in/{shard}.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    output = request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    output["S3UploadMode"] = "Continuous"
    request["Environment"] = {"FIXTURE_SLOW_S": "0.6"}

    name = sagemaker.start(NOUN, request)
    eventually(lambda: bucket.keys("out/") == ["out/0.jsonl.out"])
    status = sagemaker.describe(NOUN, name)["ProcessingJobStatus"]

    assert status == "InProgress"
    assert sagemaker.finished(NOUN, name)["ProcessingJobStatus"] == "Completed"
    assert len(bucket.keys("out/")) == 3


def test_jobs_are_listed_by_status_and_name(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    done = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    failed = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    failed["Environment"] = {"FIXTURE_CRASH": "1"}
    sagemaker.run(NOUN, done)
    sagemaker.run(NOUN, failed, "Failed")

    def names(**filters: str) -> list[str]:
        pages = sagemaker.client.get_paginator("list_processing_jobs").paginate(**filters)
        return [
            job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]
        ]

    done_name, failed_name = done["ProcessingJobName"], failed["ProcessingJobName"]
    assert failed_name in names(StatusEquals="Failed")
    assert done_name not in names(StatusEquals="Failed")
    assert names(NameContains=done_name) == [done_name]


def test_at_most_a_hundred_instances(sagemaker: SageMaker, bucket: Bucket) -> None:
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 101

    with pytest.raises(ClientError, match="less than or equal to 100"):
        sagemaker.start(NOUN, request)


def test_a_quota_limits_the_instances_of_a_type(sagemaker: SageMaker, bucket: Bucket) -> None:
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 21

    with pytest.raises(ClientError, match=r"ml\.c5\.xlarge for processing job usage") as caught:
        sagemaker.start(NOUN, request)

    assert caught.value.response["Error"]["Code"] == "ResourceLimitExceeded"


def test_a_path_cannot_leave_the_job(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/opt/ml/../../../escape"

    reason = sagemaker.run(NOUN, request, "Failed")["FailureReason"]

    assert "leaves the container's file system" in reason
