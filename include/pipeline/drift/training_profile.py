"""What a version was trained on, described once and kept beside its artifact."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from heapq import nsmallest
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from include.domain.drift.sketch import Sketch
from include.domain.model_ref import ModelRef
from include.pipeline.drift.document_features import WatchedDocument, WordVectors, feature_rows
from include.pipeline.drift.ports import TrainingRecords
from include.pipeline.drift.sampling import place_of
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.labelled_files import read_labelled

PROFILE = "profile.json"
MAX_DOCUMENTS = 20_000
"""So many of a larger file say as much as all of it. Not its head: files come sorted by label."""


def training_profile(
    model: ModelRef,
    vectors: WordVectors | None,
    *,
    objects: ObjectStore,
    registry: ModelRegistry,
    training: TrainingRecords,
) -> Sketch | None:
    """Return the sketch of a version's training data, None where it was trained on none here.

    Its labels are the true ones: a version that is used answers with nearly the same shares. It
    has no scores, since a model is surer of what it was trained on than of anything else.

    Raises:
        UnknownModelAlias: no such version.
        ReleaseFailed: the training data, or the artifact, is not what it was.
        ObjectMissing: it is gone.
        BucketNotAllowed: the training data stands where nothing is read from.
    """
    kept = registry.artifact_url(model).rpartition("/")[0] + "/" + PROFILE
    adapter = TypeAdapter(Sketch)
    if objects.exists(kept):
        with suppress(ValidationError):  # a damaged or an older one is made anew
            return adapter.validate_json(objects.read_text(kept))
    facts = training.facts(model)
    data_uri = facts.data_uri
    if not data_uri or facts.is_made_of_models:
        return None
    with tempfile.TemporaryDirectory(prefix="twolane-profile-") as folder:
        path = Path(folder) / data_uri.rpartition("/")[2]
        objects.download(data_uri, path)
        chosen = nsmallest(MAX_DOCUMENTS, read_labelled(path), key=lambda each: place_of(each.id))
        documents = [WatchedDocument(document.text, document.label) for document in chosen]
    if not documents:
        return None
    sketch = feature_rows(documents, vectors).sketch()
    objects.write_text(kept, adapter.dump_json(sketch).decode())
    return sketch
