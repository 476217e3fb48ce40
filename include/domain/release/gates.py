"""The gates between a challenger and its promotion. Pure: figures and limits in, answers out."""

from __future__ import annotations

from include.domain.release.evaluation import CHAMPION_KEY, Pair
from include.domain.release.judgement import GateLimits, GateResult, Judged
from include.domain.release.multiplicity import holm


def judge(judged: Judged, limits: GateLimits) -> tuple[GateResult, ...]:
    """Return every gate's answer."""
    has_champion = CHAMPION_KEY in judged.quality.models and judged.key != CHAMPION_KEY
    quality = _quality(judged, limits) if has_champion else (_first(judged),)
    slices = (_slices(judged, limits),) if has_champion else ()
    return (
        _labels(judged, limits, has_champion=has_champion),
        *quality,
        *slices,
        _calibration(judged, limits),
        _latency(judged, limits),
        _cost(judged, limits),
        _agreement(judged, limits),
        _signature(judged),
        _digest(judged),
    )


def _labels(judged: Judged, limits: GateLimits, *, has_champion: bool) -> GateResult:
    if judged.not_compared:
        verb = "may" if limits.labels_may_change else "may not"
        says = f"Labels {verb} change, and do: {judged.not_compared}."
        return GateResult("labels", limits.labels_may_change, None, None, says)
    says = "It answers with the champion's labels." if has_champion else "No champion has labels."
    return GateResult("labels", True, None, None, says)


def _quality(judged: Judged, limits: GateLimits) -> tuple[GateResult, ...]:
    pair = judged.quality.pair(judged.key, CHAMPION_KEY)
    return (
        _no_worse(
            "accuracy", pair.accuracy_difference, pair.accuracy_low, limits.accuracy_margin, judged
        ),
        _no_worse(
            "macro_f1", pair.macro_f1_difference, pair.macro_f1_low, limits.macro_f1_margin, judged
        ),
    )


def _no_worse(
    name: str, difference: float, low: float, margin: float, judged: Judged
) -> GateResult:
    evaluation = judged.quality
    passed = low >= -margin
    says = (
        f"{difference * 100:+.2f} points against the champion on {evaluation.documents} documents, "
        f"at worst {low * 100:+.2f} with {evaluation.confidence:.0%} confidence; "
        f"{-margin * 100:+.2f} is allowed"
    )
    if not passed:
        says += f", missed by {(-margin - low) * 100:.2f}"
        if difference >= 0:
            says += "; it looks no worse, but there are too few documents to be sure"
    return GateResult(name, passed, low, -margin, f"{says}.")


def _first(judged: Judged) -> GateResult:
    """Without a champion to compare with, the model must beat the most frequent label."""
    champion = "There is no champion"
    if judged.not_compared:
        champion = f"There is no champion to compare with ({judged.not_compared})"
    evaluation = judged.quality
    measured, limit = evaluation.models[judged.key].accuracy, evaluation.majority_share
    return GateResult(
        "accuracy",
        measured > limit,
        measured,
        limit,
        f"{champion}; {measured:.1%} right, where always answering the most frequent "
        f"label is right for {limit:.1%}.",
    )


def _slices(judged: Judged, limits: GateLimits) -> GateResult:
    pairs = [
        pair
        for pair in judged.quality.slice_pairs(judged.key, CHAMPION_KEY)
        if pair.documents >= limits.slice_min_documents
    ]
    if not pairs:
        return GateResult(
            "slices",
            True,
            None,
            limits.slice_level,
            f"No slice has {limits.slice_min_documents} documents; none is judged.",
        )
    adjusted = holm([pair.p_not_inferior for pair in pairs])
    regressed = [
        (pair, p)
        for pair, p in zip(pairs, adjusted, strict=True)
        if p <= limits.slice_level and pair.accuracy_difference < -limits.slice_tolerance
    ]
    if regressed:
        worst = min(p for _, p in regressed)
        says = "; ".join(_regression(pair, p) for pair, p in regressed)
        return GateResult("slices", False, worst, limits.slice_level, f"{says}.")
    low = min(adjusted)
    least = min(pairs, key=lambda pair: pair.accuracy_difference)
    return GateResult(
        "slices",
        True,
        low,
        limits.slice_level,
        f"None of {len(pairs)} slices is worse beyond {limits.slice_tolerance * 100:g} points and "
        f"chance (lowest adjusted p {low:.3f}); the largest change for the worse is "
        f"{least.slice_name}, {least.accuracy_difference * 100:+.2f} points.",
    )


def _regression(pair: Pair, adjusted: float) -> str:
    return (
        f"{pair.slice_name} lost {-pair.accuracy_difference * 100:.2f} points on "
        f"{pair.documents} documents ({pair.harmful} answered worse, {pair.helpful} better; "
        f"p {max(adjusted, 1e-6):.2g} or less over all slices)"
    )


def _calibration(judged: Judged, limits: GateLimits) -> GateResult:
    ece = judged.quality.models[judged.key].ece
    return _at_most("calibration", ece, limits.max_ece, "expected calibration error {:.3f}")


def _latency(judged: Judged, limits: GateLimits) -> GateResult:
    slowest = max(
        judged.evaluations,
        key=lambda name: judged.evaluations[name].models[judged.key].latency_p99_ms,
    )
    p99_ms = judged.evaluations[slowest].models[judged.key].latency_p99_ms
    words = f"p99 of one document {{:.1f}} ms on {slowest}"
    return _at_most("latency", p99_ms, limits.max_p99_ms, words)


def _cost(judged: Judged, limits: GateLimits) -> GateResult:
    cheapest = min(judged.usd_per_million, key=lambda name: judged.usd_per_million[name])
    words = f"${{:.4f}} a million documents on {cheapest}"
    return _at_most("cost", judged.usd_per_million[cheapest], limits.max_usd_per_million, words)


def _at_most(name: str, measured: float, limit: float, words: str) -> GateResult:
    passed = measured <= limit
    says = f"{words.format(measured)}; {limit:g} is allowed"
    if not passed:
        says += f", exceeded by {measured - limit:.4g}"
    return GateResult(name, passed, measured, limit, f"{says[0].upper()}{says[1:]}.")


def _agreement(judged: Judged, limits: GateLimits) -> GateResult:
    measured, limit = judged.quality.models[judged.key].agreement, limits.min_agreement
    if measured is None:
        says = "Training did not say how far the artifact agrees with what was trained."
        return GateResult("agreement", False, None, limit, says)
    passed = measured >= limit
    says = f"The artifact labels {measured:.2%} as the trained model does; {limit:.2%} is asked for"
    if not passed:
        says += f", {(limit - measured) * 100:.2f} points more"
    return GateResult("agreement", passed, measured, limit, f"{says}.")


def _signature(judged: Judged) -> GateResult:
    passed = judged.quality.models[judged.key].signature
    says = "The artifact says what goes in and what comes out."
    if not passed:
        says = "The artifact does not say what goes in and what comes out."
    return GateResult("signature", passed, None, None, says)


def _digest(judged: Judged) -> GateResult:
    found = judged.quality.models[judged.key].data_digest
    if found != judged.fit_digest:
        says = (
            f"The artifact names {found or 'no data'} as what it was trained on, "
            f"not this release's {judged.fit_digest}."
        )
        return GateResult("digest", False, None, None, says)
    if not judged.sha256:
        return GateResult("digest", False, None, None, "The published artifact has no sha256.")
    says = f"Trained on {found[:12]}…, published as sha256 {judged.sha256[:12]}…."
    return GateResult("digest", True, None, None, says)
