"""Packs onto the device and answers back: copies overlap with compute, memory is never exceeded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .model import SharedEncoder
from .packing import IntArray, Packed, cut, offsets_of

_BUFFERS = 2
"""One is filled by the host while the device reads the other."""


_Part = tuple[Tensor, "torch.cuda.Event | None"]
"""One pass's probabilities, and the event after which they are there."""


class DeviceMemoryError(RuntimeError):
    """Not even one document fits into what is left of the device's memory."""


class Pending(Protocol):
    """Documents that are on their way through the device."""

    def result(self) -> NDArray[np.float32]:
        """Wait for the probabilities, in the documents' order; see `SharedEncoder.forward`."""
        ...


class Device(Protocol):
    """What runs the models; `budget_tokens` is how many tokens one pass should have."""

    budget_tokens: int

    def start(self, flat: IntArray, lengths: IntArray) -> Pending:
        """Begin on documents that lie end to end, see `Runner.start`."""
        ...


@dataclass(frozen=True)
class Passes:
    """The passes that some documents were cut into, each with the event that ends it."""

    _parts: list[_Part]

    def result(self) -> NDArray[np.float32]:
        """See `Pending.result`."""
        found = []
        for probabilities, event in self._parts:
            if event is not None:
                event.synchronize()
            found.append(probabilities.numpy())
        return np.concatenate(found)


class Runner:
    """Runs one shared encoder on one device. Not for several threads at once.

    Args:
        model: the encoder and its heads, on `device` already.
        device: where it is.
        budget_tokens: tokens of one pass; halved, for good, where a pass runs out of memory.
    """

    def __init__(self, model: SharedEncoder, device: torch.device, budget_tokens: int) -> None:
        self.model = model
        self._device = device
        self._is_card = device.type == "cuda"
        self._buffers: deque[_Buffer] = deque(_Buffer() for _ in range(_BUFFERS))
        self.budget_tokens = budget_tokens

    def start(self, flat: IntArray, lengths: IntArray) -> Passes:
        """Begin on documents that lie end to end; on a card this returns before they are done.

        Args:
            flat: their token ids, int32.
            lengths: tokens of each, at least 1; at least one document.

        Raises:
            DeviceMemoryError: one document alone does not fit.
        """
        offsets = offsets_of(lengths)
        parts: list[_Part] = []
        waiting = cut(lengths, self.budget_tokens)[::-1]
        while waiting:
            run = waiting.pop()
            ids = flat[offsets[run.start] : offsets[run.stop]]
            part = self._pass_if_it_fits(ids, lengths[run])
            if part is None:
                waiting.extend(self._halved(run, lengths)[::-1])
            else:
                parts.append(part)
        return Passes(parts)

    def _pass_if_it_fits(self, ids: IntArray, lengths: IntArray) -> _Part | None:
        try:
            return self._pass(ids, lengths)
        except torch.OutOfMemoryError:
            # What the pass had taken is free once the error is forgotten, so not before here.
            return None

    def _pass(self, ids: IntArray, lengths: IntArray) -> _Part:
        longest = int(lengths.max())
        with torch.inference_mode():
            if not self._is_card:
                given = torch.from_numpy(ids), torch.from_numpy(offsets_of(lengths))
                return self.model(Packed.on_device(*given, longest)), None
            buffer = self._buffers[0]
            given = buffer.send(ids, offsets_of(lengths), self._device)
            probabilities = self.model(Packed.on_device(*given, longest))
            self._buffers.rotate(-1)
            back = probabilities.to("cpu", non_blocking=True)
            event = torch.cuda.Event()
            event.record()
            return back, event

    def _halved(self, run: slice, lengths: IntArray) -> list[slice]:
        """Give the memory back, and cut a run that did not fit into two."""
        if self._is_card:
            torch.cuda.synchronize(self._device)
            torch.cuda.empty_cache()
        mine = lengths[run]
        if len(mine) == 1:
            raise DeviceMemoryError(f"the device has no memory for a document of {mine[0]} tokens")
        self.budget_tokens = max(int(mine.sum()) // 2, int(mine.max()))
        middle = run.start + len(mine) // 2
        return [slice(run.start, middle), slice(middle, run.stop)]


class _Buffer:
    """Page-locked memory that one pass's tokens are copied from while the host goes on."""

    def __init__(self) -> None:
        self._memory: Tensor | None = None
        self._copied: torch.cuda.Event | None = None

    def send(self, ids: IntArray, offsets: IntArray, device: torch.device) -> tuple[Tensor, Tensor]:
        """Ids and offsets on the device, or on their way there."""
        if self._copied is not None:
            self._copied.synchronize()
        size = len(ids) + len(offsets)
        if self._memory is None or len(self._memory) < size:
            self._memory = torch.empty(size, dtype=torch.int32, pin_memory=True)
        host = self._memory.numpy()
        host[: len(ids)] = ids
        host[len(ids) : size] = offsets
        sent = self._memory[:size].to(device, non_blocking=True)
        self._copied = torch.cuda.Event()
        self._copied.record()
        return sent[: len(ids)], sent[len(ids) :]
