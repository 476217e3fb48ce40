"""ReleaseRegistry in memory."""

from __future__ import annotations

from dataclasses import replace

from include.domain.errors import ReleaseFailed
from include.domain.model_ref import ModelCard
from include.pipeline.versions.ports import Candidate, RegisteredVersion


class FakeReleaseRegistry:
    """Versions in a list."""

    def __init__(self) -> None:
        self.versions: list[tuple[str, RegisteredVersion]] = []
        self.candidates: list[Candidate] = []
        self.aliases: dict[str, str] = {}
        self.card: ModelCard | None = None

    def find(self, name: str, training_digest: str) -> RegisteredVersion | None:
        found = [v for digest, v in self.versions if digest == training_digest]
        return found[-1] if found else None

    def register(self, candidate: Candidate) -> RegisteredVersion:
        number = str(len(self.versions) + 1)
        version = RegisteredVersion(candidate.name, number, f"run-{number}")
        self.versions.append((candidate.training_digest, version))
        self.candidates.append(candidate)
        return version

    def publish(
        self, version: RegisteredVersion, *, url: str, sha256: str, card: ModelCard
    ) -> None:
        self.card = card
        self.versions = [
            (d, replace(v, model_data_url=url, model_data_sha256=sha256) if v == version else v)
            for d, v in self.versions
        ]

    def alias_version(self, name: str, alias: str) -> str | None:
        return self.aliases.get(alias)

    def point_alias(self, name: str, alias: str, version: str) -> None:
        if version not in {v.version for _, v in self.versions}:
            raise ReleaseFailed(f"{name} has no version {version}")
        self.aliases[alias] = version
