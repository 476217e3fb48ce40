"""The names under which versions of a model are in use."""

from __future__ import annotations

from enum import StrEnum


class Alias(StrEnum):
    """A registry alias.

    `champion` answers batches, `challenger` wants to, `previous` is what a rollback goes back to.
    """

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"
