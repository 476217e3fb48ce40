"""Self-attention within each document of a pack, by the kernel that the device has."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import scaled_dot_product_attention

from .packing import Packed

_FLASH_TYPES = (torch.bfloat16, torch.float16)

AMPERE = (8, 0)
"""Compute capability from which on a card has FlashAttention's kernel, and arithmetic in bf16."""


def attend(qkv: Tensor, packed: Packed) -> Tensor:
    """Attention of every token to the tokens of its own document.

    On a card from Ampere on, in 16 bits, the FlashAttention kernel takes the pack as it is, and
    spends nothing on padding. Everywhere else (the CPU, fp32, a T4) documents are padded to the
    longest for this one step, so a pack there should hold documents of similar length.

    Args:
        qkv: queries, keys and values, of shape [tokens, 3, heads, width].
        packed: whose tokens they are.

    Returns:
        The attended values, of shape [tokens, heads * width].
    """
    if qkv.is_cuda and qkv.dtype in _FLASH_TYPES and _has_flash(qkv.device):
        return _attend_packed(qkv, packed)
    return _attend_padded(qkv, packed)


@cache
def _has_flash(device: torch.device) -> bool:
    return bool(torch.cuda.get_device_capability(device) >= AMPERE)


def _attend_packed(qkv: Tensor, packed: Packed) -> Tensor:
    query, key, value = qkv.unbind(1)
    offsets, longest = packed.offsets, packed.longest
    attended: Tensor = varlen_attn(query, key, value, offsets, offsets, longest, longest)
    return attended.flatten(1)


def _attend_padded(qkv: Tensor, packed: Packed) -> Tensor:
    _, _, heads, width = qkv.shape
    documents, longest = packed.documents, packed.longest
    cell = packed.rows * longest + packed.positions
    grid = qkv.new_zeros(documents * longest, 3, heads, width).index_copy(0, cell, qkv)
    query, key, value = grid.view(documents, longest, 3, heads, width).permute(2, 0, 3, 1, 4)
    place = torch.arange(longest, device=qkv.device)
    is_token = (place < packed.lengths[:, None])[:, None, None, :]
    attended = scaled_dot_product_attention(query, key, value, attn_mask=is_token)
    flat: Tensor = attended.transpose(1, 2).reshape(documents * longest, heads * width)
    return flat[cell]
