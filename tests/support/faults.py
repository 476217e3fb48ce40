"""Faults for tests: apply a scenario to a running embedded AWS, and see that it really hit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_aws.faults.client import FaultsClient

SCENARIOS = Path(__file__).resolve().parents[2] / "local_aws" / "scenarios"


class ActiveFaults:
    """What a test asks of the scenario it has applied."""

    def __init__(self, client: FaultsClient) -> None:
        self._client = client

    def hits(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The hits so far, in order; of one kind, or all."""
        hits = self._client.status()["hits"]
        return [hit for hit in hits if kind in (None, hit["kind"])]


@contextmanager
def injected(sagemaker_url: str, *faults: dict[str, Any], seed: int = 0) -> Iterator[ActiveFaults]:
    """Faults that are active until the block ends. One scenario at a time on one service."""
    client = FaultsClient(sagemaker_url)
    client.apply({"name": "test", "seed": seed, "faults": list(faults)})
    try:
        yield ActiveFaults(client)
    finally:
        client.clear()
