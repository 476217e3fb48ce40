"""The cloud template and the commands that set a deployment up, on the embedded services."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from include import config
from include.adapters.aws import clients
from include.adapters.aws.cloud_stack import ProvisioningFailed, apply_stack
from include.adapters.aws.cloudwatch.gauge_board import NAMESPACE
from include.adapters.aws.dynamodb.prediction_items import BATCH_INDEX
from include.cli import migrate, provision
from include.domain.queues.patience import SQS_MAX_RECEPTIONS
from include.pipeline.money.gauges import GaugeName
from tests.support.local_aws import LocalAws
from tests.support.postgres import PostgresServer

TEMPLATE = provision.TEMPLATE.read_text()


def test_buckets_are_private_encrypted_and_versioned(cloud: LocalAws) -> None:
    s3 = cloud.client("s3")

    for name in ("inbox", "work", "models", "mlflow"):
        bucket = f"twolane-{name}"
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert all(block.values())
        assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert s3.get_bucket_versioning(Bucket="twolane-models")["Status"] == "Enabled"


def test_the_table_has_the_designed_index(cloud: LocalAws) -> None:
    table = cloud.client("dynamodb").describe_table(TableName="twolane-predictions")["Table"]

    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == BATCH_INDEX
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize("name", ["express", "bulk"])
def test_each_queue_has_its_dead_letters_and_takes_messages_of_the_inbox_alone(
    cloud: LocalAws, name: str
) -> None:
    sqs = cloud.client("sqs")

    def attributes(queue: str) -> dict[str, str]:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    queue, dead_letters = attributes(f"twolane-{name}"), attributes(f"twolane-{name}-dead")
    redrive = json.loads(queue["RedrivePolicy"])
    allowed = json.loads(dead_letters["RedriveAllowPolicy"])
    (statement,) = json.loads(queue["Policy"])["Statement"]
    assert redrive["deadLetterTargetArn"] == dead_letters["QueueArn"]
    assert int(redrive["maxReceiveCount"]) == SQS_MAX_RECEPTIONS
    assert allowed["sourceQueueArns"] == [queue["QueueArn"]]
    assert queue["SqsManagedSseEnabled"] == dead_letters["SqsManagedSseEnabled"] == "true"
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": "arn:aws:s3:::twolane-inbox"}
    assert "Policy" not in dead_letters


def test_uploads_are_told_to_the_queue_of_their_prefix(cloud: LocalAws) -> None:
    told = cloud.client("s3").get_bucket_notification_configuration(Bucket="twolane-inbox")

    assert {
        each["Filter"]["Key"]["FilterRules"][0]["Value"]: each["QueueArn"].rsplit(":", 1)[1]
        for each in told["QueueConfigurations"]
    } == {"express/": "twolane-express", "bulk/": "twolane-bulk"}


def test_dead_letters_raise_an_alarm(cloud: LocalAws) -> None:
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]

    watched = {each["Dimensions"][0]["Value"] for each in alarms if each["Namespace"] == "AWS/SQS"}
    assert watched == {"twolane-express-dead", "twolane-bulk-dead"}


def test_the_dashboard_shows_what_is_published(cloud: LocalAws) -> None:
    body = json.loads(
        cloud.client("cloudwatch").get_dashboard(DashboardName="twolane")["DashboardBody"]
    )

    shown = json.dumps([each["properties"]["metrics"] for each in body["widgets"]])
    for name in (*GaugeName, "GPUUtilization", "ApproximateAgeOfOldestMessage", "Invocations"):
        assert name in shown
    assert NAMESPACE in shown
    assert "twolane-bulk-dead" in shown
    taken = {(each["x"], each["y"]) for each in body["widgets"]}
    assert len(taken) == len(body["widgets"])
    assert all(each["x"] + each["width"] <= 24 for each in body["widgets"])


def test_the_container_role_is_sagemakers_alone(cloud: LocalAws) -> None:
    role = cloud.client("iam").get_role(RoleName="twolane-sagemaker")["Role"]

    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}


def test_no_role_may_do_everything(cloud: LocalAws) -> None:
    iam = cloud.client("iam")

    for role in ("twolane-sagemaker", "twolane-airflow"):
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            for statement in document["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    assert "*" not in action, f"{role}/{policy} allows {action}"


def test_applying_it_again_changes_nothing(cloud: LocalAws) -> None:
    client = cloud.client("cloudformation")

    assert apply_stack(client, "twolane", TEMPLATE, {}) == "unchanged"


def test_a_template_that_is_refused_is_told_with_the_reason(cloud: LocalAws) -> None:
    broken = json.dumps({"Resources": {"Broken": {"Type": "AWS::Nonsense::Thing"}}})

    with pytest.raises(ProvisioningFailed, match=r"broken-stack.*AWS::Nonsense::Thing"):
        apply_stack(cloud.client("cloudformation"), "broken-stack", broken, {}, timeout_s=20)


@pytest.fixture
def deployment(
    cloud: LocalAws, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The environment of a deployment with an empty database, whose URL is returned."""
    url = postgres_server.new_database()
    for name, value in {**cloud.env, "TWOLANE_DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    config.load_settings.cache_clear()
    clients.forget()
    return url


def test_the_commands_may_be_run_again(deployment: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert migrate.main([]) == 0
        assert provision.main(["--demo-accounts"]) == 0

    said = capsys.readouterr().out
    assert "applied 0001_results" in said
    assert "the schema is up to date" in said
    assert said.count("cloud resources: unchanged") >= 1
    with psycopg.connect(deployment) as connection:
        rows = connection.execute("SELECT account_id FROM accounts ORDER BY 1").fetchall()
    assert [row[0] for row in rows] == sorted(
        account.account_id for account in provision.DEMO_ACCOUNTS
    )


def test_a_command_that_fails_says_so_in_one_line(
    deployment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert provision.main(["--demo-accounts"]) == 1

    assert "error: account 'demo-visitor': relation" in capsys.readouterr().err


def test_the_template_stays_within_cloudformations_limit() -> None:
    assert len(Path(provision.TEMPLATE).read_bytes()) <= 51_200
