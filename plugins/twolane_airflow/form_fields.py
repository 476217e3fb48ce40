"""Fields that several DAGs' forms have, each described once."""

from __future__ import annotations

from collections.abc import Iterable

from airflow.sdk import Param

from include.domain.batches.submission_rules import MODEL_NAME_PATTERN
from include.domain.release.catalog import load_catalog

MAX_REASON_CHARACTERS = 500


def model_name(description: str, *, examples: Iterable[str] | None = None) -> Param:
    """Return a field for a model; empty is the default model.

    Args:
        description: what the model is asked for.
        examples: what the form proposes; everything in the catalogue if None.
    """
    proposed = _proposed(examples)
    return Param(
        None,
        type=["null", "string"],
        pattern=MODEL_NAME_PATTERN,
        examples=proposed,
        title="Model",
        description_md=_with_models(description, proposed),
    )


def named_model(default: str, description: str, *, examples: Iterable[str] | None = None) -> Param:
    """Return a field for a model that must be named; the form begins with `default`."""
    proposed = _proposed(examples)
    return Param(
        default,
        type="string",
        pattern=MODEL_NAME_PATTERN,
        examples=proposed,
        title="Model",
        description_md=_with_models(description, proposed),
    )


def _proposed(examples: Iterable[str] | None) -> list[str]:
    return list(load_catalog().names if examples is None else examples)


def _with_models(description: str, names: Iterable[str]) -> str:
    """Return a field's description, in Markdown, with what the catalogue says of each model.

    Airflow shows it where there is no plain `description` beside it.
    """
    catalog = load_catalog()
    said = {name: catalog.about(name) for name in names}
    lines = [f"- `{name}`: {about.sentence}" for name, about in said.items() if about]
    return "\n".join([description, "", *lines])


def reason(description: str, *, default: str = "", is_required: bool = False) -> Param:
    """Return a field for why something is done."""
    return Param(
        default,
        type="string",
        minLength=1 if is_required else 0,
        maxLength=MAX_REASON_CHARACTERS,
        title="Reason",
        description=description,
    )
