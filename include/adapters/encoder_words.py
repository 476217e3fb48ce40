"""The encoder's vectors of whole words, read from a served artifact without running it.

The artifact's fp32 graph holds the table of token embeddings as one constant, and `tokenizer.json`
says which rows are whole words. Their principal axes (Jolliffe, 2002) are enough to see a change
of topic, and make of 23 MB less than one.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from include.domain.drift.features import EMBEDDING_WIDTH
from include.domain.errors import ReleaseFailed
from include.pipeline.drift.document_features import WordVectors
from include.pipeline.ports.objects import ObjectStore

GRAPH, WEIGHTS, TOKENIZER = "model-fp32.xml", "model-fp32.bin", "tokenizer.json"
KEPT = "words.npz"
TABLE = "embeddings/word"
"""How the constant's name begins, as `include/models/training/encoder_graph.py` gives it."""

_TYPES = {"f16": np.float16, "f32": np.float32}
_PIECE = "##"
"""How WordPiece marks what begins no word."""
_SPACES = ("Ġ", "▁")
"""How byte-level BPE and SentencePiece mark what begins one: as the space before it."""
_DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError),
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, ElementTree.ParseError),
)


class ArtifactWords:
    """`WordSource` on published artifacts; what it finds is kept beside the archive."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def of(self, artifact_url: str) -> WordVectors | None:
        """See `WordSource.of`."""
        kept = artifact_url.rpartition("/")[0] + "/" + KEPT
        with tempfile.TemporaryDirectory(prefix="twolane-words-") as name:
            folder = Path(name)
            if not self._objects.exists(kept):
                archive = folder / "model.tar.gz"
                self._objects.download(artifact_url, archive)
                with _told(artifact_url):
                    _save(read_words(archive, artifact_url), folder / KEPT)
                self._objects.upload(folder / KEPT, kept)
            else:
                self._objects.download(kept, folder / KEPT)
            with _told(kept):
                return _load(folder / KEPT)


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Say of a damaged object which one it is."""
    try:
        yield
    except _DAMAGE as exc:
        raise ReleaseFailed(f"{url}: cannot be read: {type(exc).__name__}: {exc}") from exc


def read_words(archive: Path, url: str) -> WordVectors | None:
    """Read them from an archive; None where it holds no encoder, or one that knows no whole word.

    Raises:
        ReleaseFailed: the graph has no table of its tokenizer's words; `url` names the archive.
    """
    with tarfile.open(archive, "r:gz") as tar:
        names = set(tar.getnames())
        if not {GRAPH, WEIGHTS, TOKENIZER} <= names:
            return None
        tokenizer = json.loads(_content(tar, TOKENIZER))["model"]
        vocabulary = _vocabulary(tokenizer)
        rows = 1 + max(vocabulary.values())
        words = _whole_words(vocabulary, tokenizer.get("type"))
        place = _table_place(_content(tar, GRAPH), rows)
        if place is None:
            raise ReleaseFailed(f"{url}: {GRAPH} holds no {TABLE} of {rows} tokens or more")
        table = _table(_content(tar, WEIGHTS), place, rows)
    if not words:
        return None
    return WordVectors(
        {word: position for position, word in enumerate(words)},
        _principal(table[list(words.values())].astype(np.float64)),
    )


def _vocabulary(tokenizer: Mapping[str, Any]) -> dict[str, int]:
    """Return the row of each token; Unigram lists them, with their scores."""
    if tokenizer.get("type") == "Unigram":
        return {token: row for row, (token, _) in enumerate(tokenizer["vocab"])}
    return dict(tokenizer["vocab"])


def _whole_words(vocabulary: Mapping[str, int], kind: str | None) -> dict[str, int]:
    """Return the tokens that are words by themselves, each with its row."""
    if kind in ("BPE", "Unigram"):
        begun = {token[1:]: row for token, row in vocabulary.items() if token.startswith(_SPACES)}
    else:
        begun = {token: row for token, row in vocabulary.items() if not token.startswith(_PIECE)}
    return {word: row for word, row in begun.items() if word.isalnum()}


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None  # noqa: S101 - the archive's names were looked at
    return file.read()


def _table_place(graph: bytes, tokens: int) -> tuple[str, int, int] | None:
    """Return type, width and offset of the token embeddings, which training names so."""
    for layer in ElementTree.fromstring(graph).iter("layer"):  # noqa: S314 - our own artifact
        data = layer.find("data")
        if layer.get("type") != "Const" or data is None:
            continue
        shape = [int(size) for size in data.get("shape", "").split(",") if size.strip()]
        kind = data.get("element_type", "")
        is_table = layer.get("name", "").startswith(TABLE) and len(shape) == 2
        if is_table and shape[0] >= tokens and kind in _TYPES:
            return kind, shape[1], int(data.get("offset", "0"))
    return None


def _table(weights: bytes, place: tuple[str, int, int], rows: int) -> NDArray[np.float32]:
    kind, width, offset = place
    flat = np.frombuffer(weights, dtype=_TYPES[kind], offset=offset, count=rows * width)
    return flat.reshape(rows, width).astype(np.float32)


def _principal(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project rows on the axes of greatest variance, each scaled to unit variance."""
    centred = table - table.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    chosen = axes[:, ::-1][:, :EMBEDDING_WIDTH]
    # The sign of an axis is arbitrary: fix it, so that every machine finds the same vectors.
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), range(chosen.shape[1])])
    projected = centred @ chosen
    scaled: NDArray[np.float64] = projected / projected.std(axis=0)
    return scaled


def _save(found: WordVectors | None, path: Path) -> None:
    words = sorted(found.row_of, key=found.row_of.__getitem__) if found else []
    vectors = found.vectors if found else np.zeros((0, EMBEDDING_WIDTH))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, words=np.array(words, dtype=str), vectors=vectors.astype("f2"))
    path.write_bytes(buffer.getvalue())


def _load(path: Path) -> WordVectors | None:
    with np.load(path, allow_pickle=False) as arrays:
        words = [str(word) for word in arrays["words"]]
        vectors = arrays["vectors"].astype(np.float64)
    return WordVectors({w: row for row, w in enumerate(words)}, vectors) if words else None
