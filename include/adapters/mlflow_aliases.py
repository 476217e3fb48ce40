"""Aliases and tags in MLflow's model registry, over its REST API.

Called directly for the reason that `mlflow_registry` gives: a promotion is a task like another,
and importing MLflow's own client takes longer than what is asked of it here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from include.adapters.mlflow_registry import (
    MODEL_DATA_SHA256_TAG,
    MODEL_DATA_URL_TAG,
    NOT_THERE,
    model_card,
    published_tags,
)
from include.domain.errors import RegistryUnavailable, UnknownModelAlias
from include.domain.model_ref import ModelRef
from include.pipeline.promotion.promotion_ports import PublishedVersion

EVIDENCE_TAG = "twolane.evidence"
"""On a version: the S3 prefix of what its release found."""

_TIMEOUT_S = 30.0
_PAGE = 200


class MlflowAliases:
    """`AliasRegistry` on an MLflow tracking server.

    Args:
        tracking_uri: the server's http or https address.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._base = f"{tracking_uri.rstrip('/')}/api/2.0/mlflow"

    def model_names(self) -> list[str]:
        """See `AliasRegistry.model_names`."""
        names: list[str] = []
        query: dict[str, str] = {"max_results": str(_PAGE)}
        while True:
            found = self._call("GET", f"registered-models/search?{urlencode(query)}", {}, "models")
            names += [str(model["name"]) for model in found.get("registered_models", [])]
            if not found.get("next_page_token"):
                return sorted(names)
            query["page_token"] = str(found["next_page_token"])

    def aliases(self, name: str) -> Mapping[str, str]:
        """See `AliasRegistry.aliases`."""
        path = f"registered-models/get?{urlencode({'name': name})}"
        model = self._call("GET", path, {}, f"model {name}")["registered_model"]
        return {str(each["alias"]): str(each["version"]) for each in model.get("aliases", [])}

    def published(self, name: str, version: str) -> PublishedVersion:
        """See `AliasRegistry.published`."""
        about = f"model {name} version {version}"
        path = f"model-versions/get?{urlencode({'name': name, 'version': version})}"
        tags = published_tags(self._call("GET", path, {}, about)["model_version"], about)
        return PublishedVersion(
            ModelRef(name, version, tags[MODEL_DATA_SHA256_TAG]),
            artifact_url=tags[MODEL_DATA_URL_TAG],
            card=model_card(tags),
            evidence_uri=tags.get(EVIDENCE_TAG, ""),
        )

    def point(self, name: str, alias: str, version: str) -> None:
        """See `AliasRegistry.point`."""
        values = {"name": name, "alias": alias, "version": version}
        about = f"alias {alias} of {name} to version {version}"
        self._call("POST", "registered-models/alias", values, about)

    def drop(self, name: str, alias: str) -> None:
        """See `AliasRegistry.drop`."""
        values = {"name": name, "alias": alias}
        self._call("DELETE", "registered-models/alias", values, f"alias {alias} of {name}")

    def tag_model(self, name: str, tags: Mapping[str, str]) -> None:
        """See `AliasRegistry.tag_model`."""
        for key, value in tags.items():
            values = {"name": name, "key": key, "value": value}
            self._call("POST", "registered-models/set-tag", values, f"tag {key} of {name}")

    def tag_version(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """See `AliasRegistry.tag_version`."""
        for key, value in tags.items():
            values = {"name": name, "version": version, "key": key, "value": value}
            about = f"tag {key} of {name} version {version}"
            self._call("POST", "model-versions/set-tag", values, about)

    def _call(
        self, method: str, path: str, values: Mapping[str, str], about: str
    ) -> Mapping[str, Any]:
        url = f"{self._base}/{path}"
        if not url.startswith(("http://", "https://")):
            raise RegistryUnavailable(f"{about}: the tracking URI must be http or https: {url}")
        body = json.dumps(values).encode() if values else None
        headers = {"Content-Type": "application/json"}
        request = Request(url, data=body, headers=headers, method=method)  # noqa: S310
        try:
            status, answer = _sent(request)
            record = dict(json.loads(answer or b"{}"))
        except OSError as exc:
            raise RegistryUnavailable(f"{about}: no answer from {self._base}: {exc}") from exc
        except (ValueError, TypeError) as exc:
            raise RegistryUnavailable(f"{about}: {self._base} is no model registry") from exc
        if status == 200:
            return record
        if record.get("error_code") in NOT_THERE:
            raise UnknownModelAlias(f"{about}: {record.get('message', 'not in the registry')}")
        raise RegistryUnavailable(
            f"{about}: {self._base} answered {status} {record.get('error_code', '')}"
        )


def _sent(request: Request) -> tuple[int, bytes]:
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
            return response.status, response.read()
    except HTTPError as exc:
        with exc:
            return exc.code, exc.read()
