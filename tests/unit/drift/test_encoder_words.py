"""Vectors of words out of a served artifact, without running it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping

import numpy as np
import pytest

from include.adapters.encoder_words import ArtifactWords
from include.domain.drift.features import EMBEDDING_WIDTH
from include.domain.errors import ReleaseFailed
from tests.support.fakes import FakeObjectStore

URL = "s3://models/news-topic/1/model.tar.gz"
WORDS = [f"word{n}" for n in range(80)]
VOCABULARY = {"[PAD]": 0, **{w: n for n, w in enumerate(WORDS, 1)}, "##ing": 81, "!": 82}
WIDTH = 24


BPE = {"<s>": 0, **{f"Ġ{w}": n for n, w in enumerate(WORDS, 1)}, "ing": 81, "Ġ!": 82}
UNIGRAM = [["<s>", 0.0], *([f"▁{word}", -1.0] for word in WORDS), ["ing", -2.0], ["▁!", -2.0]]
WORDPIECE: dict[str, object] = {"vocab": VOCABULARY}


def artifact(
    rows: int = len(VOCABULARY),
    *,
    with_encoder: bool = True,
    tokenizer: Mapping[str, object] = WORDPIECE,
) -> bytes:
    """An archive as training makes it: the table stands behind another constant."""
    table = np.random.default_rng(0).normal(size=(rows, WIDTH)).astype("f2")
    graph = (
        "<net><layers>"
        '<layer type="Const"><data element_type="f32" shape="4, 2" offset="0" size="32"/></layer>'
        '<layer type="Const" name="embeddings/word_compressed">'
        f'<data element_type="f16" shape="{rows}, {WIDTH}" offset="32"/>'
        "</layer></layers></net>"
    )
    files = {"model.json": b"{}"}
    if with_encoder:
        files |= {
            "tokenizer.json": json.dumps({"model": tokenizer}).encode(),
            "model-fp32.xml": graph.encode(),
            "model-fp32.bin": bytes(32) + table.tobytes(),
        }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "tokenizer",
    [WORDPIECE, {"type": "BPE", "vocab": BPE}, {"type": "Unigram", "vocab": UNIGRAM}],
)
def test_whole_words_have_vectors_on_principal_axes(tokenizer: Mapping[str, object]) -> None:
    found = ArtifactWords(FakeObjectStore({URL: artifact(tokenizer=tokenizer)})).of(URL)

    assert found is not None
    assert sorted(found.row_of) == sorted(WORDS), "neither pieces nor signs are words"
    assert found.vectors.shape == (len(WORDS), EMBEDDING_WIDTH)
    assert found.vectors.std(axis=0) == pytest.approx(np.ones(EMBEDDING_WIDTH), rel=0.01)
    covariance = np.cov(found.vectors.T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.01
    assert (found.mean({"word1", "unknown"}) == found.vectors[found.row_of["word1"]]).all()
    assert not found.mean({"unknown"}).any()


def test_they_are_read_once_and_kept_with_the_version() -> None:
    objects = FakeObjectStore({URL: artifact()})
    first = ArtifactWords(objects).of(URL)
    objects.put(URL, b"not read again")

    second = ArtifactWords(objects).of(URL)

    assert objects.exists("s3://models/news-topic/1/words.npz")
    assert first is not None
    assert second is not None
    assert (first.vectors == second.vectors).all()
    assert first.row_of == second.row_of


def test_a_model_without_an_encoder_has_none_and_is_not_asked_again() -> None:
    objects = FakeObjectStore({URL: artifact(with_encoder=False)})

    assert ArtifactWords(objects).of(URL) is None
    objects.put(URL, b"not read again")
    assert ArtifactWords(objects).of(URL) is None


def test_an_encoder_that_knows_no_whole_word_has_none() -> None:
    pieces = {"type": "BPE", "vocab": {f"piece{n}": n for n in range(len(VOCABULARY))}}
    objects = FakeObjectStore({URL: artifact(tokenizer=pieces)})

    assert ArtifactWords(objects).of(URL) is None


def test_a_graph_that_does_not_fit_its_tokenizer_is_an_error() -> None:
    objects = FakeObjectStore({URL: artifact(rows=40)})

    with pytest.raises(ReleaseFailed, match="no embeddings/word of 83 tokens"):
        ArtifactWords(objects).of(URL)


@pytest.mark.parametrize("damaged", [URL, "s3://models/news-topic/1/words.npz"])
@pytest.mark.parametrize("content", [b"no archive", artifact()[:2_000], b""])
def test_a_damaged_object_is_named(damaged: str, content: bytes) -> None:
    objects = FakeObjectStore({damaged: content})

    with pytest.raises(ReleaseFailed, match=damaged):
        ArtifactWords(objects).of(URL)
