"""Which versions are registered, and which releases are under way, in MLflow."""

from __future__ import annotations

from collections.abc import Collection

from include.adapters.mlflow_aliases import MlflowAliases
from include.domain.errors import ReleaseFailed, UnknownModelAlias
from include.domain.promotion.retirement import VersionKey


class MlflowOwners:
    """`Releases` on an MLflow tracking server.

    Args:
        tracking_uri: the server's http or https address.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri
        self._aliases = MlflowAliases(tracking_uri)

    def has_version(self, key: VersionKey) -> bool:
        """See `Releases.has_version`: what was deployed was published."""
        try:
            self._aliases.published(key.model_name, key.version)
        except UnknownModelAlias:
            return False
        return True

    def open_releases(self, release_ids: Collection[str]) -> set[str]:
        """See `Releases.open_releases`: their run is neither finished nor failed."""
        if not release_ids:
            return set()
        from include.adapters.mlflow_client import explained, mlflow_client
        from include.adapters.mlflow_release_runs import KIND_TAG, RELEASE_ID_TAG
        from include.domain.errors import RegistryUnavailable

        client = mlflow_client(self._tracking_uri)
        wanted = f"attributes.status = 'RUNNING' and tags.`{KIND_TAG}` = 'release'"
        try:
            with explained("looking for open releases"):
                experiments = [each.experiment_id for each in client.search_experiments()]
                runs, token = [], None
                while True:
                    page = client.search_runs(experiments, wanted, page_token=token)
                    runs += list(page)
                    token = page.token
                    if not token:
                        break
        except ReleaseFailed as exc:
            raise RegistryUnavailable(str(exc)) from exc
        return {run.data.tags.get(RELEASE_ID_TAG, "") for run in runs} & set(release_ids)
