"""``python -m local_aws.faults``: apply a scenario to a running service, look at it, clear it."""

import argparse
import json
import os
import urllib.error
from pathlib import Path
from typing import Any

from local_aws.faults.client import FaultsClient
from local_aws.faults.scenario_file import ScenarioError

_DEFAULT_URL = "http://127.0.0.1:4570"


def main() -> None:
    """Parse the command line and talk to the service."""
    parser = argparse.ArgumentParser(prog="local_aws.faults", description=__doc__)
    url = os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER", _DEFAULT_URL)
    parser.add_argument("--url", default=url, help=f"the SageMaker service ({url})")
    commands = parser.add_subparsers(dest="command", required=True)
    apply = commands.add_parser("apply", help="make a scenario the active one")
    apply.add_argument("scenario", type=Path, help="TOML or JSON")
    commands.add_parser("status", help="what is active and what was hit, as JSON")
    commands.add_parser("clear", help="end all faults")
    arguments = parser.parse_args()
    client = FaultsClient(arguments.url)
    try:
        if arguments.command == "apply":
            print(_summary("applied", client.apply_file(arguments.scenario)))  # noqa: T201
        elif arguments.command == "clear":
            print(_summary("cleared", client.clear()))  # noqa: T201
        else:
            print(json.dumps(client.status(), indent=2))  # noqa: T201
    except ScenarioError as error:
        parser.exit(2, f"{error}\n")
    except urllib.error.URLError as error:
        parser.exit(1, f"no service at {arguments.url}: {error.reason}\n")


def _summary(verb: str, status: dict[str, Any]) -> str:
    lines = [f"{verb} {status['scenario'] or 'nothing'}"]
    lines += [
        f"  {fault['kind']}: {fault['hits']} hits of {fault['matched']} matches"
        for fault in status["faults"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
