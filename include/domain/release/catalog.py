"""The catalogue: which models there are to ask for, and what each is good for.

Its file is `mlflow/catalog.toml`. A model that is not in it works as well, under its registered
name; the catalogue is what forms propose and what `python -m include.cli.release` finds data by.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from include.domain.batches.submission_rules import MODEL_NAME_PATTERN
from include.domain.errors import TwolaneError

CATALOG_FILE = Path(__file__).resolve().parents[3] / "mlflow" / "catalog.toml"

CANDIDATES = ("linear", "frozen", "fine-tune", "cascade")
"""Ways to make a model."""


class CatalogError(TwolaneError):
    """The catalogue is not as it should be, or has no such model; the message says which."""


MIN_TOKENS = 8
"""Fewer of a document hold no word beside the marks of its beginning and end."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the catalogue.

    Attributes:
        name: registered model name.
        title: for people.
        labels: what it answers with, in the order of the alphabet.
        languages: ISO 639-1 codes of the texts it was made for.
        max_tokens: it reads so many tokens of a document, special tokens included.
        limits: a sentence about what it is not for.
        data: labelled documents, a path in the repository: JSON Lines or CSV.
        candidates: what a release of it compares unless told otherwise.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    max_tokens: int
    limits: str
    data: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """Models that share a frozen encoder, served as one artifact in one forward pass.

    Attributes:
        name: registered model name of the bundle.
        title: for people.
        heads: names of the models; the first is the primary one, whose label is the answer's.
    """

    name: str
    title: str
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What people should know before they ask a model; of a bundle, of all its heads."""

    title: str
    languages: tuple[str, ...]
    limits: str

    @property
    def sentence(self) -> str:
        """All of it in a line."""
        return (
            f"{self.title} ({', '.join(self.languages) or 'no language in common'}). {self.limits}"
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every entry, by name, in the file's order."""

    models: Mapping[str, ModelEntry]
    bundles: Mapping[str, BundleEntry]

    @property
    def names(self) -> tuple[str, ...]:
        """What a batch may ask for, models first."""
        return (*self.models, *self.bundles)

    def about(self, name: str) -> About | None:
        """Return what is said of a model or a bundle; None of one that is not in the catalogue."""
        if bundle := self.bundles.get(name):
            heads = [self.models[head] for head in bundle.heads]
            common = set.intersection(*(set(head.languages) for head in heads))
            limits = " ".join(f"{head.name}: {head.limits}" for head in heads)
            return About(bundle.title, tuple(sorted(common)), limits)
        entry = self.models.get(name)
        return About(entry.title, entry.languages, entry.limits) if entry else None

    def model(self, name: str) -> ModelEntry:
        """Return a model's entry.

        Raises:
            CatalogError: there is none.
        """
        if name not in self.models:
            known = ", ".join(self.models)
            raise CatalogError(f"model {name!r} is not in {CATALOG_FILE.name}, which has: {known}")
        return self.models[name]


def load_catalog(path: Path = CATALOG_FILE) -> Catalog:
    """Read the catalogue.

    Raises:
        CatalogError: the file is missing, is no TOML, or an entry is wrong.
    """
    try:
        return parse_catalog(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise CatalogError(f"{path}: {exc}") from exc


def parse_catalog(text: str) -> Catalog:
    """Read the catalogue's TOML.

    Raises:
        CatalogError: an entry is wrong; the message names it and the field.
        ValueError: no TOML.
    """
    content = tomllib.loads(text)
    if unknown := sorted(content.keys() - {"models", "bundles"}):
        raise CatalogError(f"unknown table(s) {', '.join(unknown)}")
    for kind in ("models", "bundles"):
        _check(isinstance(content.get(kind, {}), dict), kind, "is no table")
    models = {name: _model(name, table) for name, table in content.get("models", {}).items()}
    bundles = {name: _bundle(name, table) for name, table in content.get("bundles", {}).items()}
    for bundle in bundles.values():
        _check_bundle(bundle, models)
    return Catalog(models, bundles)


def _model(name: str, table: Mapping[str, Any]) -> ModelEntry:
    entry = ModelEntry(name=name, **_values(ModelEntry, name, table))
    _check(len(entry.labels) >= 2, name, "labels: at least two are needed")
    _check(list(entry.labels) == sorted(set(entry.labels)), name, "labels: not sorted, or doubled")
    _check(bool(entry.languages), name, "languages: at least one is needed")
    _check(
        MIN_TOKENS <= entry.max_tokens <= 512,
        name,
        f"max_tokens: the encoder reads {MIN_TOKENS} to 512",
    )
    unknown = [each for each in entry.candidates if each not in CANDIDATES]
    _check(not unknown and bool(entry.candidates), name, f"candidates: one or more of {CANDIDATES}")
    return entry


def _bundle(name: str, table: Mapping[str, Any]) -> BundleEntry:
    return BundleEntry(name=name, **_values(BundleEntry, name, table))


def _check_bundle(bundle: BundleEntry, models: Mapping[str, ModelEntry]) -> None:
    unknown = [head for head in bundle.heads if head not in models]
    _check(not unknown, bundle.name, f"heads: no such model(s) {', '.join(unknown)}")
    _check(len(set(bundle.heads)) == len(bundle.heads) >= 2, bundle.name, "heads: two or more")
    _check(bundle.name not in models, bundle.name, "is a model already")
    reads = {models[head].max_tokens for head in bundle.heads}
    _check(len(reads) == 1, bundle.name, "heads: they read the same max_tokens, or share no pass")


def _values(kind: type[ModelEntry | BundleEntry], name: str, table: object) -> dict[str, Any]:
    """Return a table's values, each of the type of its field; lists as tuples."""
    _check(re.fullmatch(MODEL_NAME_PATTERN, name) is not None, name, "is no name for a model")
    if not isinstance(table, dict):
        raise CatalogError(f"{name}: is no table")
    wanted = {field.name: field.type for field in fields(kind) if field.name != "name"}
    if unknown := sorted(table.keys() - wanted.keys()):
        raise CatalogError(f"{name}: unknown field(s) {', '.join(unknown)}")
    values: dict[str, Any] = {}
    for field, type_ in wanted.items():
        value = table.get(field)
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        match type_:
            case "str":
                _check(isinstance(value, str) and bool(value), name, f"{field}: a text is needed")
            case "int":
                _check(type(value) is int, name, f"{field}: a whole number is needed")
            case _:
                _check(is_list, name, f"{field}: a list of texts is needed")
        values[field] = tuple(value) if isinstance(value, list) else value
    return values


def _check(is_right: bool, name: str, problem: str) -> None:
    if not is_right:
        raise CatalogError(f"{name}: {problem}")
