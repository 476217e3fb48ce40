"""The encoder in PyTorch is the one that the graph written by hand is."""

from __future__ import annotations

import json

import pytest

from tests.support.container import run_program

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, torch
from training.encoder import Encoder as Files, run_fp32
from serving.pretrained import weights_folder
from torch_engine.encoder import Encoder
from torch_engine.packing import pack

files = Files.load(weights_folder(), 128)
texts = ["A man is eating.", "x", "word " * 300, "Prices rose by 3 % in May. " * 9]
tokens = files.tokenize(texts)
reference = run_fp32(files.embedding_model(), tokens, 128)
encoder = Encoder(files.shape, files.weights).eval()
again = Encoder(files.shape, encoder.checkpoint()).eval()
with torch.inference_mode():
    packed = encoder(pack(tokens)).numpy()
    alone = np.concatenate([encoder(pack([found])).numpy() for found in tokens])
    round_trip = again(pack(tokens)).numpy()
    halved = encoder.bfloat16()(pack(tokens)).numpy()
    fp16 = Encoder(files.shape, files.weights).eval().half()(pack(tokens)).numpy()
encoder = Encoder(files.shape, files.weights, dropout_share=0.1).train()
encoder(pack(tokens)).sum().backward()
print(json.dumps({
    "reference": float(abs(packed - reference).max()),
    "alone": float(abs(packed - alone).max()),
    "round_trip": float(abs(packed - round_trip).max()),
    "bf16_cosine": float((halved * reference).sum(axis=1).min()),
    "fp16_cosine": float((fp16 * reference).sum(axis=1).min()),
    "without_gradient": [n for n, p in encoder.named_parameters() if p.grad is None],
}))
"""


CARD_PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from types import SimpleNamespace
import torch
from torch_engine import attention
from torch_engine.settings import TorchSettings

torch.cuda.is_available = lambda: True
attention._attend_packed = lambda qkv, packed: "packed"
attention._attend_padded = lambda qkv, packed: "padded"
found = []
for number, capability in enumerate([(7, 5), (8, 0), (9, 0)]):
    torch.cuda.get_device_capability = lambda device=None: capability
    dtype = TorchSettings.from_environment({}).dtype
    qkv = SimpleNamespace(is_cuda=True, dtype=dtype, device=torch.device("cuda", number))
    found.append([str(dtype), attention.attend(qkv, None)])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    return json.loads(run_program("torch", PROGRAM))


def test_embeddings_are_those_of_the_fp32_reference(found: dict[str, float]) -> None:
    assert found["reference"] < 1e-5


def test_what_shares_a_pack_does_not_show(found: dict[str, float]) -> None:
    assert found["alone"] < 1e-5


def test_weights_go_back_under_the_names_of_the_checkpoint(found: dict[str, float]) -> None:
    assert found["round_trip"] < 1e-6


def test_bf16_stays_close(found: dict[str, float]) -> None:
    assert found["bf16_cosine"] > 0.999


def test_every_weight_can_be_trained(found: dict[str, object]) -> None:
    assert found["without_gradient"] == []


def test_fp16_stays_close(found: dict[str, float]) -> None:
    assert found["fp16_cosine"] > 0.999


def test_a_card_gets_the_arithmetic_and_the_kernel_that_it_has() -> None:
    assert json.loads(run_program("torch", CARD_PROGRAM)) == [
        ["torch.float16", "padded"],  # a T4
        ["torch.bfloat16", "packed"],
        ["torch.bfloat16", "packed"],
    ]
