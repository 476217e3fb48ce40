"""A process's one composition: from its environment, or for an AWS that it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from include.config import Settings, load_settings
from include.files.lanes_file import LanesFile, load_lanes

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress

Root_co = TypeVar("Root_co", covariant=True)


class Composes(Protocol[Root_co]):
    """Makes a composition of settings and lanes."""

    def __call__(self, settings: Settings, lanes: LanesFile) -> Root_co: ...  # noqa: D102


class ComposesAt(Protocol[Root_co]):
    """Makes a composition that reaches the AWS of an address."""

    def __call__(  # noqa: D102
        self, settings: Settings, lanes: LanesFile, *, aws: AwsAddress | None
    ) -> Root_co: ...


def of_environment(compose: Composes[Root_co]) -> Root_co:
    """Return a composition as the environment and the files it names describe it."""
    settings = load_settings()
    return compose(settings, load_lanes(settings.lanes_file))


def of_address(
    compose: ComposesAt[Root_co], region: str, endpoint_urls: tuple[tuple[str, str], ...]
) -> Root_co:
    """Return the same for an AWS that is told, not found in the environment."""
    from include.adapters.aws.clients import AwsAddress

    settings = load_settings()
    aws = AwsAddress(region, endpoint_urls)
    return compose(settings, load_lanes(settings.lanes_file), aws=aws)
