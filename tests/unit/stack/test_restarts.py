"""When a dead server may be started again."""

import pytest

from stack.restarts import RestartPolicy, restart_at

POLICY = RestartPolicy(
    first_delay_s=1, longest_delay_s=8, settled_s=30, budget=4, budget_window_s=100
)


def test_the_first_restart_follows_at_once():
    assert restart_at(POLICY, [], died_at=50.0) == 50.0


@pytest.mark.parametrize(("in_a_row", "pause_s"), [(1, 1), (2, 2), (3, 4)])
def test_pauses_double_while_it_dies_right_after_its_start(in_a_row, pause_s):
    starts = [float(n) for n in range(in_a_row)]
    assert restart_at(POLICY, starts, died_at=10.0) == 10.0 + pause_s


def test_a_server_that_has_settled_starts_at_once_again():
    assert restart_at(POLICY, [0.0], died_at=60.0) == 60.0


def test_the_budget_ends_a_crash_loop_and_comes_back_with_time():
    starts = [0.0, 10.0, 20.0, 30.0]
    assert restart_at(POLICY, starts, died_at=40.0) is None
    assert restart_at(POLICY, starts, died_at=106.0) == 106.0


def test_the_pause_has_an_upper_bound():
    policy = RestartPolicy(first_delay_s=1, longest_delay_s=8, budget=50)
    assert restart_at(policy, [float(n) for n in range(20)], died_at=20.0) == 28.0
