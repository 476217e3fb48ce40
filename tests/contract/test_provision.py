"""The cloud template and the commands that set a deployment up, on the embedded services."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from include import config, migrate, provision
from include.adapters.aws import clients
from include.adapters.aws.cloud_stack import ProvisioningFailed, apply_stack
from include.adapters.aws.prediction_items import BATCH_INDEX
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
        assert migrate.main() == 0
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
