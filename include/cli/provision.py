"""`python -m include.cli.provision`: make the cloud resources, and accounts to try it with.

Applies `infra/template.yaml` by CloudFormation under the names that the settings give. Doing it
twice changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from include.adapters.aws.clients import client
from include.adapters.aws.cloud_stack import apply_stack
from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.database import Database
from include.config import Settings, load_settings
from include.domain.accounts import Account, Tier
from include.domain.errors import TwolaneError

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "template.yaml"

DEMO_ACCOUNTS = (
    Account("demo-visitor", Tier.DEMO),
    Account("trial-lumen", Tier.TRIAL),
    Account("standard-harbor", Tier.STANDARD),
    Account("enterprise-meridian", Tier.ENTERPRISE),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed with one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        done = apply_stack(
            client("cloudformation"),
            options.stack_name,
            TEMPLATE.read_text(),
            template_parameters(settings),
        )
        print(f"cloud resources: {done}")  # noqa: T201 - a command speaks to its caller
        if options.demo_accounts:
            database = Database(settings.database_url.get_secret_value())
            PostgresAccountDirectory(database).put(DEMO_ACCOUNTS)
            database.close()
            named = ", ".join(f"{each.account_id} ({each.tier.value})" for each in DEMO_ACCOUNTS)
            print(f"accounts: {named}")  # noqa: T201
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def template_parameters(settings: Settings) -> dict[str, str]:
    """Return the template's parameters, as far as settings decide them."""
    return {
        "InboxBucketName": settings.inbox_bucket,
        "WorkBucketName": settings.work_bucket,
        "ModelsBucketName": settings.models_bucket,
        "MlflowBucketName": settings.mlflow_bucket,
        "PredictionsTableName": settings.predictions_table,
        "LaneEventsTopicName": settings.lane_events_topic_arn.rsplit(":", 1)[1],
        "ExpressQueueName": settings.express_queue,
        "BulkQueueName": settings.bulk_queue,
        "SageMakerRoleName": settings.role_arn.rsplit("/", 1)[1],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.provision", description=__doc__)
    parser.add_argument("--stack-name", default="twolane", help="name of the CloudFormation stack")
    parser.add_argument(
        "--demo-accounts", action="store_true", help="add one account of each tier to try it with"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
