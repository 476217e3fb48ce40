"""Fine-tuning: the encoder and its head, end to end, in PyTorch.

It starts from the head that was fitted on the frozen encoder, which keeps the first steps from
spoiling what the encoder knows (Kumar et al., 2022, "Fine-Tuning can Distort Pretrained Features
and Underperform Out-of-Distribution"). AdamW, the learning rate warmed up and then lowered in a
line to zero (Devlin et al., 2018). Only the torch image has what this module imports.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch_engine.encoder import Classifier
from torch_engine.encoder import Encoder as TorchEncoder
from torch_engine.packing import pack

from .encoder import Encoder
from .head import Head

_WARM_UP_SHARE = 0.1
_HEAD_RATE = 10
"""The head learns so many times as fast as the encoder: it is small, and its inputs move."""
_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 1.0
_DROPOUT_SHARE = 0.1
_SORTED_BATCHES = 16
"""So many batches' documents are sorted by length together; which those are is drawn anew."""


@dataclass(frozen=True)
class FineTuning:
    """How to fine-tune.

    Attributes:
        epochs: passes over the documents.
        batch_tokens: tokens of one step, about.
        learning_rate: the encoder's highest, the head's being ten times as high.
        seed: of the order of the documents and of dropout.
    """

    epochs: int
    batch_tokens: int
    learning_rate: float
    seed: int


def fine_tune(
    encoder: Encoder,
    head: Head,
    tokens: Sequence[Sequence[int]],
    labels: Sequence[str],
    how: FineTuning,
    progress: Callable[[int, float], None],
) -> tuple[Encoder, Head]:
    """Train encoder and head together on the cross-entropy of the labels.

    Args:
        encoder: where to start.
        head: fitted on the frozen encoder's embeddings.
        tokens: token ids of each document, truncated.
        labels: one a document, each of the head's labels.
        how: the schedule.
        progress: told the epoch, from 1, and its mean loss in nats, at the end of each.

    Returns:
        The encoder and the head with their new weights.
    """
    torch.manual_seed(how.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    inner = TorchEncoder(encoder.shape, encoder.weights, _DROPOUT_SHARE)
    model = Classifier(inner, head.weight, head.bias).to(device).train()
    truth = torch.tensor([head.labels.index(label) for label in labels])
    order = random.Random(how.seed)  # noqa: S311
    plans = [_batches([len(t) for t in tokens], how, order) for _ in range(how.epochs)]
    optimizer = torch.optim.AdamW(
        [
            {"params": model.encoder.parameters(), "lr": how.learning_rate},
            {"params": model.head.parameters(), "lr": how.learning_rate * _HEAD_RATE},
        ],
        weight_decay=_WEIGHT_DECAY,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate(sum(map(len, plans))))
    for epoch, plan in enumerate(plans, start=1):
        total = 0.0
        for positions in plan:
            batch = pack([tokens[p] for p in positions]).to(device)
            with torch.autocast(device.type, torch.bfloat16), _attention(device):
                logits = model(batch)
            loss = cross_entropy(logits.float(), truth[positions].to(device))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), _LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(positions)
        progress(epoch, total / len(tokens))
    return _result(encoder, head, model.cpu())


def _attention(device: torch.device) -> AbstractContextManager[None]:
    """Which kernel attention runs on: on the CPU the fused one's backward pass in bf16 is slow."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()


def _result(encoder: Encoder, head: Head, model: Classifier) -> tuple[Encoder, Head]:
    weight = model.head.weight.detach().numpy().T
    bias = model.head.bias.detach().numpy()
    return (
        replace(encoder, weights={**encoder.weights, **model.encoder.checkpoint()}),
        replace(head, weight=np.ascontiguousarray(weight), bias=bias.copy()),
    )


def _batches(lengths: Sequence[int], how: FineTuning, order: random.Random) -> list[list[int]]:
    """One epoch's batches in random order, each of documents of similar length."""
    positions = list(range(len(lengths)))
    order.shuffle(positions)
    per_batch = max(1, round(how.batch_tokens * len(lengths) / sum(lengths)))
    batches: list[list[int]] = []
    for start in range(0, len(positions), per_batch * _SORTED_BATCHES):
        window = positions[start : start + per_batch * _SORTED_BATCHES]
        window.sort(key=lengths.__getitem__)
        batches += _cut(window, lengths, how.batch_tokens)
    order.shuffle(batches)
    return batches


def _cut(window: Sequence[int], lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    batch: list[int] = []
    used = 0
    for position in window:
        if batch and used + lengths[position] > budget:
            yield batch
            batch, used = [], 0
        batch.append(position)
        used += lengths[position]
    yield batch


def _rate(steps: int) -> Callable[[int], float]:
    """The share of the highest learning rate at each step."""
    warm = max(1, round(steps * _WARM_UP_SHARE))

    def share(step: int) -> float:
        return min((step + 1) / warm, (steps - step) / max(1, steps - warm))

    return share
