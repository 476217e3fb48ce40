"""A real call to a version's endpoint, before anything depends on it."""

from __future__ import annotations

import json

from include.domain.batches.predictions import PredictionError, parse_prediction
from include.domain.errors import BodyFailed, OutputIncomplete, PromotionRefused
from include.pipeline.promotion.promotion_ports import EndpointLane, PublishedVersion

_TEXTS = (
    "The home side won the final on penalties after extra time.",
    "Shares fell as the bank cut its forecast for the year.",
    "x",
)


def smoke_test(lane: EndpointLane, version: PublishedVersion) -> None:
    """Have the endpoint answer a few documents as it would a batch's.

    Raises:
        PromotionRefused: it answers something else: lines missing or out of order, an error, a
            label the version does not have, no probability.
        EndpointUnavailable: it does not answer.
    """
    ids = [f"smoke-{number}" for number in range(len(_TEXTS))]
    body = b"".join(
        json.dumps({"id": each, "text": text}).encode() + b"\n"
        for each, text in zip(ids, _TEXTS, strict=True)
    )
    about = f"{version.model.label} on the {lane.lane.value} lane"
    try:
        lines = lane.answer(version.model, body).splitlines()
        answers = [parse_prediction(line, source=about) for line in lines]
    except (BodyFailed, OutputIncomplete) as exc:
        raise PromotionRefused(f"{about}: {exc}") from exc
    if len(answers) != len(ids):
        raise PromotionRefused(f"{about}: sent {len(ids)} documents, got {len(answers)} lines")
    for sent, answer in zip(ids, answers, strict=True):
        if isinstance(answer, PredictionError):
            raise PromotionRefused(f"{about}: {sent}: {answer.code}: {answer.message}")
        if answer.document_id != sent:
            raise PromotionRefused(f"{about}: {sent} was answered as {answer.document_id}")
        if answer.label not in version.card.labels or not 0 <= answer.score <= 1:
            raise PromotionRefused(
                f"{about}: {sent} was answered {answer.label!r} with score {answer.score}"
            )
