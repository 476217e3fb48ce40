from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from benchmarks.page.compare import figures_of
from include.adapters.page.charts import spend_by_day
from include.adapters.page.gpu_chart import gpu_utilisation
from include.adapters.page.page import render_page
from include.adapters.page.words import ago, percent, seconds, usd
from include.domain.accounts import Tier
from include.domain.curves.break_even import break_evens, cost_lines, sizes
from include.domain.curves.lane_curve import LaneCurve
from include.domain.errors import QueueUnavailable
from include.domain.lanes import Lane, LaneProfile
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.ports import QueueGauge
from include.pipeline.page.figures import Spend
from include.pipeline.page.overview import Overview, overview
from tests.support.fakes.alerts import FakeQueueGauges
from tests.support.fakes.curves import FakeCurveBook
from tests.support.page import (
    NOW,
    WINDOW,
    FakePageBook,
    empty_figures,
    some_figures,
)


def profile(lane: Lane, *, start_s: float, tokens_per_s: float, most: int | None) -> LaneProfile:
    return LaneProfile(
        lane, "ml.x", start_s, tokens_per_s, 3.6, True, most, None, "test", weight=1e6
    )


PROFILES = (
    profile(Lane.SERVERLESS, start_s=0.0, tokens_per_s=100, most=1000),
    profile(Lane.TRANSFORM, start_s=90.0, tokens_per_s=1000, most=None),
)


def seen(figures=None) -> Overview:
    return overview(
        WINDOW,
        now=NOW,
        profiles=PROFILES,
        promised={Tier.STANDARD: 0.99, Tier.DEMO: 0.95},
        default_model="news-topic",
        book=FakePageBook(some_figures() if figures is None else figures),
        curve_book=FakeCurveBook(),
        queues={LaneClass.EXPRESS: "fast", LaneClass.BULK: "slow"},
        gauges=FakeQueueGauges(slow=QueueGauge(41, 90.0)),
    )


def test_the_cheapest_lane_changes_where_the_two_costs_are_equal() -> None:
    curves = {each.lane: LaneCurve.assumed(each, "m") for each in PROFILES}

    lines = cost_lines(PROFILES, curves, 10.0, range(1, 3001))
    (found,) = break_evens(lines)

    # n * 10 / 100 seconds against 90 + n * 10 / 1000, at the same price: 1,000 documents,
    # which is also the last batch that the endpoint admits.
    assert (found.before, found.after) == (Lane.SERVERLESS, Lane.TRANSFORM)
    assert found.documents == pytest.approx(1000, abs=2)
    assert max(size for size, _ in lines[0].points) == 1000
    assert max(size for size, _ in lines[1].points) == 3000


def test_sizes_reach_from_one_to_the_most_without_a_repetition() -> None:
    found = sizes(20_000)

    assert (found[0], found[-1]) == (1, 20_000)
    assert found == sorted(set(found))
    assert sizes(1) == [1]


def test_totals_are_those_of_the_lines() -> None:
    totals = seen().totals

    assert totals.list_cost_usd == pytest.approx(1.0)
    assert totals.waste_list_cost_usd == pytest.approx(0.78)
    assert totals.idle_list_cost_usd == pytest.approx(0.68)
    assert (totals.batches, totals.documents, totals.charges) == (5, 2000, 9)
    assert totals.per_thousand_usd == pytest.approx(0.5)
    assert totals.attainment == pytest.approx(0.75)
    assert totals.is_emulated


def test_curves_are_of_the_model_most_batches_asked_for_at_their_documents_length() -> None:
    curves = seen().curves

    assert (curves.model_name, curves.tokens_per_document) == ("news-topic", 50.0)
    assert [line.lane for line in curves.lines] == [Lane.SERVERLESS, Lane.TRANSFORM]


def test_the_page_says_that_work_was_emulated_and_shows_every_figure() -> None:
    page = render_page(seen())

    shown = figures_of(page)
    assert "nobody bills" in page
    assert shown["list_cost_usd"] == pytest.approx(1.0)
    assert shown["billed_cost_usd"] == 0.0
    assert shown["day/2026-11-20/spot"] == 0.30
    assert shown["account/trial-<b>lumen"] == 0.32
    assert shown["queue/bulk/refused"] == 1
    assert shown["spot/survived"] == 2
    assert (shown["champion/news-topic@1"], shown["challenger/news-topic@2"]) == (2000, 150)
    assert '<span class="tag">canary</span>' in page
    assert shown["list_saved_usd"] == 2.5, "of all, not of those in the list alone"
    assert "trial-<b>lumen" not in page, "an account's name is no markup"
    for name in ("spend", "batches", "deadlines", "gpus"):
        assert f'data-chart="{name}"' in page


def test_weeks_that_fell_short_of_the_promise_are_marked() -> None:
    page = render_page(seen())

    shown = figures_of(page)
    assert shown["week/2026-11-16/standard"] == pytest.approx(0.985)
    assert shown["week/2026-11-16/demo"] == 0.95
    assert "week/2026-11-09/demo" not in shown, "nothing was due"
    (short,) = re.findall(r'<td class="number bad">\s*<span data-figure="(week/[^"]+)"', page)
    assert short == "week/2026-11-16/standard"


@pytest.mark.parametrize(("days_ago", "first"), [(1, 7), (11, 12), (40, 30)])
def test_days_are_shown_from_the_first_that_has_something(days_ago: int, first: int) -> None:
    spend = Spend(WINDOW.last - timedelta(days=days_ago), "spot", 1, 0.1, 0.0, 0.0, True)

    axis = spend_by_day([spend], WINDOW)["layout"]["xaxis"]

    starts, ends = (datetime.fromisoformat(each) for each in axis["range"])
    assert (ends - starts).days == first, "a week at the least, the window at the most"


def test_the_line_of_gpus_is_broken_where_nothing_is_known() -> None:
    (line,) = gpu_utilisation(some_figures().gpus)["data"]

    assert line["y"] == [None, 0.4, None, 0.2], "no metric at first, no GPU in the third hour"
    assert len(line["x"]) == len(set(line["x"])) == 4
    assert not line["connectgaps"]


def test_a_single_look_at_gpus_has_an_axis_of_some_width() -> None:
    periods = some_figures().gpus[-1:]

    starts, ends = gpu_utilisation(periods)["layout"]["xaxis"]["range"]

    assert starts < periods[0].starts_at.isoformat() < ends
    assert gpu_utilisation([])["layout"]["xaxis"]["range"] is None


def test_an_alert_that_goes_on_is_one_line_with_how_often_it_was_seen() -> None:
    shown = figures_of(render_page(seen()))

    assert (shown["alert/run_late/watch_drift"], shown["seen/run_late/watch_drift"]) == (1, 20)


def test_a_product_that_has_done_nothing_has_words_for_it() -> None:
    page = render_page(seen(empty_figures()))

    assert "Nothing was charged in this time" in page
    assert "No batch was on spot in this time" in page
    assert "Emulated." not in page
    assert 'data-chart="spend"' not in page
    assert "http" not in page.replace("http-equiv", ""), "nothing is loaded from elsewhere"


def test_the_page_names_no_other_server() -> None:
    assert "//" not in render_page(seen()).replace("&#39;", "")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "–"),
        (0.0, "$0"),
        (1234.5, "$1,234.50"),
        (0.0123456, "$0.0123"),
        (0.00000123456, "$0.00000123"),
        (-0.5, "$-0.5"),
    ],
)
def test_dollars_keep_three_digits_below_one(value: float | None, told: str) -> None:
    assert usd(value) == told


def test_shares_and_times_are_told_as_people_do() -> None:
    assert (percent(0.0), percent(1.0), percent(0.9876), percent(None)) == (
        "0 %",
        "100 %",
        "98.8 %",
        "–",
    )
    assert (seconds(0.5), seconds(90), seconds(130), seconds(7200)) == (
        "0.5 s",
        "90 s",
        "2 min",
        "2 h",
    )
    assert ago(NOW - timedelta(hours=5), NOW) == "5 h ago"
    assert ago(NOW + timedelta(hours=5), NOW) == "in 5 h"


def test_a_queue_that_does_not_answer_is_told_and_the_page_stands() -> None:
    class Away(FakeQueueGauges):
        def read(self, queue_name: str, now: datetime) -> QueueGauge:
            if queue_name == "fast":
                raise QueueUnavailable("cannot measure queue fast: refused")
            return super().read(queue_name, now)

    found = overview(
        WINDOW,
        now=NOW,
        profiles=PROFILES,
        promised={Tier.STANDARD: 0.99, Tier.DEMO: 0.95},
        default_model="news-topic",
        book=FakePageBook(some_figures()),
        curve_book=FakeCurveBook(),
        queues={LaneClass.EXPRESS: "fast", LaneClass.BULK: "slow"},
        gauges=Away(slow=QueueGauge(41, 90.0)),
    )

    page = render_page(found)
    assert "cannot measure queue fast: refused" in page
    assert '<td class="number">41</td><td class="number">90 s</td>' in page
