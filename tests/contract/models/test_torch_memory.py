"""Memory of the device: passes are made smaller until they fit, and answers stay the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.container import run_program

# A device that holds so many tokens: torch raises the same error as on a card.
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, torch
from serving.encoder_shape import EncoderShape
from torch_engine.budget import choose, try_budgets
from torch_engine.encoder import Encoder
from torch_engine.model import SharedEncoder
from torch_engine.packing import flatten, pack
from torch_engine.profile import measure
from torch_engine.runner import DeviceMemoryError, Runner
from torch_engine.weights import Head

FITS = 300
rng = np.random.default_rng(7)

def array(*shape):
    return rng.normal(size=shape).astype(np.float32)

weights = {
    "embeddings.word_embeddings.weight": array(30000, 8),
    "embeddings.position_embeddings.weight": array(512, 8),
    "embeddings.token_type_embeddings.weight": array(2, 8),
    "embeddings.LayerNorm.weight": array(8),
    "embeddings.LayerNorm.bias": array(8),
}
names = {"attention.self.query": (8, 8), "attention.self.key": (8, 8),
         "attention.self.value": (8, 8), "attention.output.dense": (8, 8),
         "intermediate.dense": (16, 8), "output.dense": (8, 16)}
for name, shape in names.items():
    weights[f"encoder.layer.0.{name}.weight"] = array(*shape)
    weights[f"encoder.layer.0.{name}.bias"] = array(shape[0])
for name in ("attention.output.LayerNorm", "output.LayerNorm"):
    weights[f"encoder.layer.0.{name}.weight"] = array(8)
    weights[f"encoder.layer.0.{name}.bias"] = array(8)
heads = [Head(array(3, 8) * 9, array(3)), Head(array(5, 8) * 9, array(5))]
model = SharedEncoder(Encoder(EncoderShape(1, 8, 2, 1e-12), weights), heads).eval()
device = torch.device("cpu")

class Small(torch.nn.Module):
    def forward(self, packed):
        if len(packed.ids) > FITS:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return model(packed)

tokens = [rng.integers(0, 30000, n).tolist() for n in rng.integers(1, 60, 200)]
flat, lengths = flatten(tokens)
def split(probabilities):
    return np.split(probabilities, np.cumsum(model.classes)[:-1], axis=1)

whole = Runner(model, device, 10**6).start(flat, lengths).result()
with torch.inference_mode():
    embeddings = model.encoder(pack(tokens)).numpy()
alone = Runner(model, device, 1).start(flat, lengths).result()
runner = Runner(Small(), device, 10**6)
backed_off = runner.start(flat, lengths).result()
budget = runner.budget_tokens
again = runner.start(flat, lengths).result()
try:
    runner.start(np.zeros(400, dtype=np.int32), np.array([400], dtype=np.int32))
    refused = ""
except DeviceMemoryError as error:
    refused = str(error)
runner.budget_tokens = 128
points = list(measure(runner, device, [16, 32], [64, 256, 512]))

def rate_at(budget):
    if budget > 64:
        raise torch.OutOfMemoryError("full")
    return {8: 10.0, 16: 98.0, 32: 99.0, 64: 100.0}[budget]

trials = try_budgets(rate_at, [8, 16, 32, 64, 128, 256])
print(json.dumps({
    "shape": whole.shape,
    "expected": [bool((part.argmax(1) == (embeddings @ h.weight.T + h.bias).argmax(1)).all())
                 for part, h in zip(split(whole), heads)],
    "spread": [float(np.ptp(part, axis=0).max()) for part in split(whole)],
    "sums": [float(abs(part.sum(1) - 1).max()) for part in split(whole)],
    "same": [all((a.argmax(1) == b.argmax(1)).all() for a, b in zip(split(whole), split(other)))
             for other in (alone, backed_off, again)],
    "apart": [float(abs(whole - other).max()) for other in (alone, backed_off)],
    "budget": budget,
    "refused": refused,
    "points": [[p.length, p.documents] for p in points],
    "trials": [t.budget_tokens for t in trials],
    "chosen": choose(trials, 1),
    "none_fits": choose([], 512),
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(run_program("torch", PROGRAM))


def test_every_model_answers_every_document(found: dict[str, Any]) -> None:
    assert found["shape"] == [200, 3 + 5]
    assert found["expected"] == [True, True]
    assert min(found["spread"]) > 0.001
    assert max(found["sums"]) < 1e-5


def test_answers_do_not_depend_on_how_passes_were_cut(found: dict[str, Any]) -> None:
    assert found["same"] == [True, True, True]
    assert max(found["apart"]) < 1e-5


def test_a_pass_that_does_not_fit_is_cut_until_it_does(found: dict[str, Any]) -> None:
    assert 60 <= found["budget"] <= 300


def test_a_document_that_cannot_fit_is_told(found: dict[str, Any]) -> None:
    assert "a document of 400 tokens" in found["refused"]


def test_the_profile_stops_where_the_memory_does(found: dict[str, Any]) -> None:
    assert found["points"] == [[16, 4], [16, 16], [32, 2], [32, 8]]


def test_the_smallest_budget_that_is_fast_enough_is_chosen(found: dict[str, Any]) -> None:
    assert found["trials"] == [8, 16, 32, 64]
    assert found["chosen"] == 16
    assert found["none_fits"] == 512
