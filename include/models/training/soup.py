"""A uniform model soup: fine-tunings that began alike, as one model of their mean weights.

It is right about more documents than each of them on the average, and costs no more to run than one
(Wortsman et al., 2022, "Model soups: averaging weights of multiple fine-tuned models improves
accuracy without increasing inference time").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from .encoder import Encoder
from .head import Head

FineTuned = tuple[Encoder, Head]


def uniform_soup(models: Iterable[FineTuned]) -> FineTuned:
    """Average the weights of encoders and heads of one shape; one model is held beside the mean.

    Raises:
        ValueError: there is no model.
    """
    soup: FineTuned | None = None
    for count, model in enumerate(models, start=1):
        soup = model if soup is None else _stirred(soup, model, 1 / count)
    if soup is None:
        raise ValueError("a soup of no model")
    return soup


def _stirred(soup: FineTuned, model: FineTuned, share: float) -> FineTuned:
    (encoder, head), (other, its_head) = soup, model
    weights = {
        name: _between(kept, other.weights[name], share) for name, kept in encoder.weights.items()
    }
    mean_head = replace(
        head,
        weight=_between(head.weight, its_head.weight, share),
        bias=_between(head.bias, its_head.bias, share),
    )
    return replace(encoder, weights=weights), mean_head


def _between(start: NDArray[Any], end: NDArray[Any], share: float) -> NDArray[Any]:
    moved: NDArray[Any] = (start + share * (end - start)).astype(start.dtype)
    return moved
