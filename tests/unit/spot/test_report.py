import json
from xml.etree import ElementTree

import pytest

from benchmarks.spot import __main__ as command
from benchmarks.spot import chart, report, synthetic
from benchmarks.spot.grid import Cell, full_grid
from benchmarks.spot.measure import Measured
from benchmarks.spot.traces import TUNED_ON, Trace, fitted, load, memories


def measured(trace="a__zone-1a_x_1", ours=(0.5, 0.6), rival=(0.6, 0.8), optimum=(0.4, 0.4)):
    costs = dict.fromkeys(chart.SHOWN, rival) | {"ours": ours}
    return Measured(
        trace=trace,
        cell=Cell(60, 0.2, 3.0),
        optimum=optimum,
        costs=costs,
        late=dict.fromkeys(costs, 0),
        changeovers=dict.fromkeys(costs, 1.0),
    )


def test_gaps_are_costs_above_the_optimum_and_their_means_are_compared():
    summary = report.summary([measured()])
    assert summary["gap"]["ours"] == 0.15
    assert summary["gap"]["uniform_progress"] == 0.3
    assert summary["ours_over_uniform_progress"] == 0.5
    low, high = summary["interval_95"]
    assert low <= 0.5 <= high


def test_a_rival_without_gap_has_no_ratio():
    assert report.ratio([measured(rival=(0.4, 0.4))]) is None
    assert report.interval([measured(rival=(0.4, 0.4))]) == (None, None)


def test_the_worst_cell_comes_first():
    rows = [measured(), measured(ours=(0.9, 0.9))]
    assert report.worst(rows)[0]["gap_ours"] == 0.5


def test_the_chart_is_well_formed_and_shows_every_trace():
    svg = chart.bars(report.by([measured(), measured("b__zone-2b_x_1")], lambda row: row.trace))
    text = "".join(ElementTree.fromstring(svg).itertext())  # noqa: S314
    assert "zone-1a_x_1" in text
    assert "zone-2b_x_1" in text


def test_traces_are_read_by_name_and_zone(tmp_path):
    file = tmp_path / "aws-01__us-east-1a_v100_1.json"
    file.write_text(json.dumps({"metadata": {"gap_seconds": 600}, "data": [0, 1, 2, 0]}))
    (trace,) = load(tmp_path)
    assert (trace.zone, trace.gap_s, trace.ticks) == ("us-east-1a", 600, (0, 1, 1, 0))


def test_starts_are_spread_evenly_and_leave_room_for_the_longest_deadline():
    trace = Trace("t", 600, (1,) * 1000)
    starts = trace.starts(5, 80 * 3600)
    assert starts[0] == 0
    assert starts[-1] + 80 * 6 <= 1000
    assert starts == sorted(set(starts))
    assert Trace("t", 600, (1,) * 10).starts(5, 80 * 3600) == []


def test_what_is_remembered_before_a_tick_knows_nothing_of_later_ones():
    ticks = (1, 1, 0, 0, 1) * 10
    whole, cut = Trace("t", 600, ticks), Trace("t", 600, ticks[:20] + (0,) * 30)
    assert memories(whole)[20] == memories(cut)[20]


def test_a_trace_that_flickers_is_believed_to_flicker():
    flicker = Trace("t", 600, (1, 0) * 500)
    steady = Trace("t", 600, ((1,) * 90 + (0,) * 10) * 10)
    assert fitted([flicker]).up > fitted([steady]).up


def test_the_synthetic_processes_are_the_same_each_time():
    once = synthetic.traces()
    assert [trace.ticks for trace in once] == [trace.ticks for trace in synthetic.traces()]
    assert {len(trace.ticks) for trace in once} == {synthetic.TICKS}
    share = {trace.name.partition("__")[2]: trace.share for trace in once}
    assert share["always"] == 1
    assert share["never"] < 0.01


def test_the_grid_has_every_combination_and_only_job_fractions_of_the_paper():
    grid = full_grid()
    assert len(set(grid)) == 60
    assert all(0.6 <= cell.fraction < 1 for cell in grid)
    assert all(cell.terms(195).is_feasible for cell in grid)


def test_without_traces_it_says_so_and_measures_nothing(tmp_path, capsys):
    code = command.main(["--traces", str(tmp_path / "none"), "--results", str(tmp_path / "out")])
    assert code == 0
    assert "no traces in" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_trace_shorter_than_the_longest_deadline_is_left_out(tmp_path, capsys):
    file = tmp_path / "short.json"
    file.write_text(json.dumps({"metadata": {"gap_seconds": 600}, "data": [1] * 100}))
    assert command.main(["--traces", str(tmp_path), "--results", str(tmp_path / "out")]) == 0
    assert "short is shorter than the longest deadline" in capsys.readouterr().out


def test_held_out_means_neither_trace_nor_zone_was_tuned_on():
    zones = {Trace(name, 1, (1,)).zone for name in TUNED_ON}
    assert zones == {"us-east-2a", "us-west-2b"}


@pytest.mark.parametrize("late", [0, 1])
def test_one_late_job_misses_the_goal(late):
    row = measured()
    row.late["ours"] = late
    assert command._real([row])["goal_met"] is (late == 0)
