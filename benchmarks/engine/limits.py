"""How fast an encoder could be: its arithmetic over the measured matrix-product peak. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EncoderWork:
    """The matrix products of a BERT encoder; what is no matrix product is left out.

    Attributes:
        per_token_flop: of the dense layers, for each token.
        per_token_pair_flop: of attention (scores and their mix), for each token and each token
            that it attends to.
    """

    per_token_flop: int
    per_token_pair_flop: int

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> EncoderWork:
        """Count from the encoder's `config.json`; a multiply-add counts as two."""
        hidden = int(config["hidden_size"])
        wide = int(config["intermediate_size"])
        layers = int(config["num_hidden_layers"])
        return cls(
            per_token_flop=2 * layers * (4 * hidden * hidden + 2 * hidden * wide),
            per_token_pair_flop=4 * layers * hidden,
        )

    def flop(self, lengths: Iterable[int]) -> int:
        """Operations for documents of so many tokens each, none of them padding."""
        return sum(n * (self.per_token_flop + n * self.per_token_pair_flop) for n in lengths)


def limit_documents_per_s(flop: int, documents: int, peak_gflop_per_s: float) -> float:
    """The rate at which matrix products alone would fill the cores.

    Args:
        flop: operations of all documents.
        documents: how many they are.
        peak_gflop_per_s: measured peak, 10^9 operations a second.
    """
    return documents * peak_gflop_per_s * 1e9 / flop
