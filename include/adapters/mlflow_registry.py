"""Reading MLflow's model registry over its REST API.

The API is called directly: importing MLflow's own client takes longer (1.3 s) than a small batch
may, and two GET requests are all a batch needs. Writing a release, where that does not matter,
is in `mlflow_releases`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from include.domain.errors import RegistryUnavailable, UnknownModelAlias
from include.domain.model_ref import ModelCard, ModelRef

MODEL_DATA_URL_TAG = "sagemaker.model_data_url"
MODEL_DATA_SHA256_TAG = "sagemaker.model_data_sha256"
LABELS_TAG = "twolane.labels"
MAX_TOKENS_TAG = "twolane.max_tokens"

NOT_THERE = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
_TIMEOUT_S = 30.0

Get = Callable[[str], tuple[int, bytes]]
"""Fetch a URL: its status and body. Raises OSError where nothing answers."""


class MlflowModelRegistry:
    """`ModelRegistry` on an MLflow tracking server.

    A version's tags never change once it is published, so each version is asked for once.

    Args:
        tracking_uri: the server's http or https address.
        get: fetches a URL; replaceable for tests.
    """

    def __init__(self, tracking_uri: str, get: Get | None = None) -> None:
        self._base = f"{tracking_uri.rstrip('/')}/api/2.0/mlflow"
        self._get = get or http_get
        self._published: dict[tuple[str, str], Mapping[str, str]] = {}

    def resolve(self, name: str, alias: str) -> ModelRef:
        """See `ModelRegistry.resolve`."""
        what = f"model {name} with alias {alias}"
        query = {"name": name, "alias": alias}
        found = self._model_version("registered-models/alias", query, what)
        version = str(found["version"])
        tags = self._remember(name, version, found, what)
        return ModelRef(name, version, tags[MODEL_DATA_SHA256_TAG])

    def artifact_url(self, model: ModelRef) -> str:
        """See `ModelRegistry.artifact_url`."""
        return self._tags(model)[MODEL_DATA_URL_TAG]

    def card(self, model: ModelRef) -> ModelCard:
        """See `ModelRegistry.card`."""
        return model_card(self._tags(model))

    def _tags(self, model: ModelRef) -> Mapping[str, str]:
        known = self._published.get((model.name, model.version))
        if known is not None:
            return known
        what = f"model {model.label}"
        query = {"name": model.name, "version": model.version}
        found = self._model_version("model-versions/get", query, what)
        return self._remember(model.name, model.version, found, what)

    def _remember(
        self, name: str, version: str, found: Mapping[str, Any], what: str
    ) -> Mapping[str, str]:
        tags = published_tags(found, what)
        self._published[name, version] = tags
        return tags

    def _model_version(self, path: str, query: Mapping[str, str], what: str) -> Mapping[str, Any]:
        url = f"{self._base}/{path}?{urlencode(query)}"
        try:
            status, body = self._get(url)
            answer = json.loads(body)
            if status == 200:
                return dict(answer["model_version"])
            code = answer.get("error_code", "")
        except OSError as exc:
            raise RegistryUnavailable(f"{what}: no answer from {self._base}: {exc}") from exc
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise RegistryUnavailable(f"{what}: {self._base} is no model registry") from exc
        if code in NOT_THERE:
            raise UnknownModelAlias(f"{what}: {answer.get('message', 'not in the registry')}")
        raise RegistryUnavailable(f"{what}: {self._base} answered {status} {code}")


def published_tags(found: Mapping[str, Any], what: str) -> Mapping[str, str]:
    """Return the tags of a version as MLflow answers it.

    Raises:
        UnknownModelAlias: the version is registered and was never published.
    """
    tags = {str(tag["key"]): str(tag.get("value", "")) for tag in found.get("tags", [])}
    for tag in (MODEL_DATA_URL_TAG, MODEL_DATA_SHA256_TAG, LABELS_TAG, MAX_TOKENS_TAG):
        if tag not in tags:
            raise UnknownModelAlias(
                f"{what}: version {found['version']} is registered but not published (no tag {tag})"
            )
    return tags


def model_card(tags: Mapping[str, str]) -> ModelCard:
    """Return the card that a published version's tags hold.

    Raises:
        UnknownModelAlias: somebody has edited them, and they cannot be read any more.
    """
    try:
        labels = json.loads(tags[LABELS_TAG])
        if not isinstance(labels, list):
            raise TypeError(f"{tags[LABELS_TAG]} is no list")
        return ModelCard(tuple(str(label) for label in labels), int(tags[MAX_TOKENS_TAG]))
    except (ValueError, TypeError) as exc:
        raise UnknownModelAlias(
            f"{tags[MODEL_DATA_URL_TAG]}: its version's tags {LABELS_TAG} and {MAX_TOKENS_TAG} are "
            f"no list of labels and no number: {exc}"
        ) from exc


def http_get(url: str) -> tuple[int, bytes]:
    """Fetch a URL; an answer of any status is one. Raises OSError where nothing answers."""
    if not url.startswith(("http://", "https://")):
        raise URLError(f"the tracking URI must be http or https: {url}")
    try:
        with urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310
            return response.status, response.read()
    except HTTPError as exc:
        with exc:
            return exc.code, exc.read()
