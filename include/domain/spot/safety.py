"""What may be done now so that the deadline is kept whatever spot does next.

The last way out is on demand, started at the next decision: it needs the work left then and one
changeover. An action is safe when that way is still open after a step of the worst luck.
"""

from __future__ import annotations

from include.domain.spot.terms import Capacity, SpotTerms, SpotView

TOLERANCE_S = 1e-6


def is_safe(terms: SpotTerms, view: SpotView, capacity: Capacity) -> bool:
    """Whether the deadline can still be kept after a step on this; on demand always is."""
    match capacity:
        case Capacity.ON_DEMAND:
            return True
        case Capacity.NONE:
            return act_by_s(terms, view, capacity) >= terms.step_s - TOLERANCE_S
        case Capacity.SPOT:
            return bool(view.is_spot_available) and _is_spot_safe(terms, view)


def act_by_s(terms: SpotTerms, view: SpotView, capacity: Capacity) -> float:
    """Seconds until the next decision is due, were `capacity` chosen and to yield nothing."""
    if capacity is Capacity.ON_DEMAND:
        return terms.step_s
    slack_s = terms.deadline_s - view.elapsed_s - view.work_left_s
    return min(terms.step_s, max(0.0, slack_s - terms.safe_changeover_s))


def _is_spot_safe(terms: SpotTerms, view: SpotView) -> bool:
    is_running = view.running is Capacity.SPOT
    wait_s = view.changeover_left_s if is_running else terms.safe_changeover_s
    progress_s = max(0.0, terms.step_s - wait_s - terms.loss_s)
    time_left_s = terms.deadline_s - view.elapsed_s
    if progress_s >= view.work_left_s:
        return time_left_s >= view.work_left_s + wait_s - TOLERANCE_S
    work_then_s = view.work_left_s - progress_s
    return time_left_s - terms.step_s >= work_then_s + terms.safe_changeover_s - TOLERANCE_S
