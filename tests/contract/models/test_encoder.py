"""The graph written by hand is the encoder its authors published."""

from __future__ import annotations

import json

import pytest

from tests.support.container import run_program

# The two sentences, and their similarity, of the encoder's documentation (sentence-transformers).
SENTENCES = ("A man is eating food.", "A man is eating a piece of bread.")
SIMILARITY = 0.7553

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import onnxruntime as ort
from serving.packing import pack, pad
from serving.pretrained import weights_folder
from training.encoder import Encoder, run_fp32
from training.graph_layout import Packed
encoder = Encoder.load(weights_folder(), 64)
tokens = encoder.tokenize(sys.argv[2:])
model = encoder.embedding_model()
first, second = run_fp32(model, tokens, 64)
session = ort.InferenceSession(model.SerializeToString())
padded = session.run(None, pad([tokens[0]], 48))[0][0]
weight = np.eye(384, 4, dtype=np.float32)
bias = np.zeros(4, dtype=np.float32)
reference = run_fp32(encoder.classifier_model(weight, bias), tokens, 64)
graph = encoder.classifier_model(weight, bias, Packed()).SerializeToString()
session = ort.InferenceSession(graph)
together = session.run(None, pack(tokens, 16))[0]
alone = np.concatenate([session.run(None, pack([found], 16))[0] for found in tokens])
print(json.dumps({
    "packing": float(abs(together - reference).max()),
    "company": float(abs(together - alone).max()),
    "similarity": float(first @ second),
    "length": float(first @ first),
    "padding": float(abs(padded - first).max()),
}))
"""


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return json.loads(run_program("training", PROGRAM, *SENTENCES))


def test_the_similarity_is_as_published(figures: dict[str, float]) -> None:
    assert figures["similarity"] == pytest.approx(SIMILARITY, abs=1e-4)


def test_embeddings_have_unit_length(figures: dict[str, float]) -> None:
    assert figures["length"] == pytest.approx(1, abs=1e-5)


def test_padding_does_not_show(figures: dict[str, float]) -> None:
    assert figures["padding"] < 1e-5


def test_packed_documents_are_classified_as_padded_ones(figures: dict[str, float]) -> None:
    assert figures["packing"] < 1e-6


def test_company_does_not_show_in_a_packed_batch(figures: dict[str, float]) -> None:
    assert figures["company"] < 1e-6
