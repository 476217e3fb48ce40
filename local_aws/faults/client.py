"""A caller of the service's fault path, for the command line and for tests."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from local_aws.faults.scenario_file import ScenarioError, load_scenario, read_content

_PATH = "/_local/faults"
_TIMEOUT_S = 10


class FaultsClient:
    """Applies scenarios to a running service.

    Args:
        url: where the SageMaker service listens, for example ``http://127.0.0.1:4570``.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + _PATH

    def apply_file(self, path: Path) -> dict[str, Any]:
        """Check a scenario file here, then apply it; returns the status.

        Raises:
            ScenarioError: the file is wrong.
        """
        load_scenario(path)
        return self.apply(read_content(path))

    def apply(self, content: dict[str, Any]) -> dict[str, Any]:
        """Apply a scenario given as a table.

        Raises:
            ScenarioError: the service refuses it.
        """
        return self._call("PUT", json.dumps(content).encode())

    def status(self) -> dict[str, Any]:
        """Active faults with their counts, and the hits so far."""
        return self._call("GET")

    def clear(self) -> dict[str, Any]:
        """End all faults; returns the status just before."""
        return self._call("DELETE")

    def _call(self, method: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(self._url, body, method=method)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            message = json.loads(error.read() or b"{}").get("message", str(error))
            raise ScenarioError(message) from error
