"""When a server that died is started again: backoff, and a budget that a crash loop uses up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.errors import StackError


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How patient the watcher is.

    Attributes:
        first_delay_s: pause before the second restart in a row; the first follows at once.
        longest_delay_s: upper bound of the pause, which doubles with each restart in a row.
        settled_s: a server that has run this long starts afresh: its next death is the first.
        budget: restarts within `budget_window_s` after which it is left dead.
        budget_window_s: seconds the budget looks back.
    """

    first_delay_s: float = 1.0
    longest_delay_s: float = 30.0
    settled_s: float = 2.0
    budget: int = 20
    budget_window_s: float = 600.0


#: Sets the budget, for a stack whose servers are killed on purpose.
BUDGET_VARIABLE = "STACK_RESTART_BUDGET"


def policy_from(environment: Mapping[str, str]) -> RestartPolicy:
    """Return the policy, its budget from the environment where it stands there.

    Raises:
        StackError: it is no whole number.
    """
    budget = environment.get(BUDGET_VARIABLE, str(RestartPolicy().budget))
    if not budget.isdigit():
        raise StackError(f"{BUDGET_VARIABLE}={budget} is no whole number")
    return RestartPolicy(budget=int(budget))


def restart_at(policy: RestartPolicy, starts: Sequence[float], died_at: float) -> float | None:
    """Return when a dead server may be started again; None when its budget is used up.

    Args:
        policy: how patient to be.
        starts: when it was restarted before, oldest first; same clock as `died_at`.
        died_at: when its death was noticed.
    """
    recent = [start for start in starts if died_at - start < policy.budget_window_s]
    if len(recent) >= policy.budget:
        return None
    in_a_row = 0
    later = died_at
    for start in reversed(recent):
        if later - start >= policy.settled_s + _pause_s(policy, in_a_row + 1):
            break
        in_a_row += 1
        later = start
    return died_at + _pause_s(policy, in_a_row)


def _pause_s(policy: RestartPolicy, in_a_row: int) -> float:
    if in_a_row == 0:
        return 0.0
    return min(policy.longest_delay_s, policy.first_delay_s * 2.0 ** (in_a_row - 1))
