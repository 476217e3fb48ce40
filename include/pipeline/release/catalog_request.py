"""What a request for a release leaves open, filled in from the catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from include.domain.errors import ReleaseRejected
from include.domain.release.catalog import CATALOG_FILE, Catalog
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.release_records import ReleaseRequest
from include.pipeline.versions.model_archive import file_sha256

ROOT = CATALOG_FILE.parents[1]
CHARACTERS_A_TOKEN = 10
"""More are never needed: so many keep the ids of English text unchanged."""


def complete(
    request: ReleaseRequest, catalog: Catalog, *, models_bucket: str, objects: ObjectStore
) -> ReleaseRequest:
    """Return the request with candidates, reach and data of the model's entry where it has none.

    The documents must then have the entry's labels. A model that is not in the catalogue needs data
    of its own, and may try every candidate.

    Raises:
        ReleaseRejected: there are no data to release it from, or it is a bundle.
    """
    if bundle := catalog.bundles.get(request.model_name):
        heads = ", ".join(bundle.heads)
        raise ReleaseRejected(
            f"{bundle.name} is a bundle, which no release trains: release {heads}, "
            f"then make it of their champions (python -m include.cli.release --model {bundle.name})"
        )
    entry = catalog.models.get(request.model_name)
    if entry is None:
        if not request.data_uri:
            raise ReleaseRejected(
                f"{request.model_name} is not in the catalogue: a release needs its labelled data"
            )
        return request
    reach = {
        "max_tokens": str(entry.max_tokens),
        "max_characters": str(entry.max_tokens * CHARACTERS_A_TOKEN),
    }
    return replace(
        request,
        data_uri=request.data_uri or _upload(ROOT / entry.data, models_bucket, objects),
        candidates=request.candidates or entry.candidates,
        parameters={**reach, **request.parameters},
        labels=entry.labels,
    )


def _upload(path: Path, models_bucket: str, objects: ObjectStore) -> str:
    uri = f"s3://{models_bucket}/catalog-data/{file_sha256(path)[:32]}/{path.name}"
    if not objects.exists(uri):
        objects.upload(path, uri, "text/plain; charset=utf-8")
    return uri
