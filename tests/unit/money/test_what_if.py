import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.cli.backtest_report import backtest_json, backtest_table
from include.cli.what_if import LANES, main
from include.config import Settings
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import LaneObservation, Load
from include.domain.errors import ScenarioRefused
from include.domain.lanes import Lane
from include.domain.what_if.answer import answer, percentile
from include.domain.what_if.cases import least_instances, published_cases
from include.domain.what_if.fleet import Fleet
from include.domain.what_if.purchase import OwnServer, Purchase
from include.domain.what_if.scenario import Arrival, Quiet, Scenario, Spot
from include.files.lanes_file import load_lanes
from include.files.prices import PUBLISHED_FOLDER, load_price_book
from include.files.scenarios import SCENARIOS_FILE, load_scenarios, read_traffic
from include.pipeline.money.backtest import SeenBatch, backtest
from include.wiring.money import Money
from tests.support.batches import profile
from tests.support.fakes.curves import FakeCurveBook

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def fleet(**changes):
    values = {
        "name": "test",
        "instance": "ml.x",
        "purchase": Purchase(3.6),
        "tokens_per_s": 10.0,
        "max_replicas": 2,
    }
    return Scenario(**(values | changes))


def arrivals(*at_s, tokens=100, deadline_s=None):
    return [Arrival(MONDAY + timedelta(seconds=s), 10, tokens, deadline_s) for s in at_s]


traffic = st.lists(
    st.builds(
        Arrival,
        at=st.integers(0, 7 * 86_400).map(lambda s: MONDAY + timedelta(seconds=s)),
        documents=st.integers(1, 1000),
        tokens=st.integers(1, 100_000),
        deadline_s=st.none() | st.floats(1, 1e5),
    ),
    min_size=1,
    max_size=30,
)
fleets = st.builds(
    fleet,
    cold_start_s=st.floats(0, 600),
    idle_s=st.floats(0, 2000),
    patience_s=st.floats(0, 900),
    min_replicas=st.integers(0, 2),
    max_replicas=st.integers(2, 5),
    start_billed=st.booleans(),
    quiet=st.none() | st.builds(Quiet, st.floats(0, 24), st.floats(0, 24), st.booleans()),
    spot=st.none() | st.just(Spot(0.5, 60.0)),
)


@settings(max_examples=60, deadline=None)
@given(fleets, traffic)
def test_every_batch_is_served_and_no_more_instances_run_than_may(scenario, batches):
    run = Fleet(scenario, batches).run()
    assert len(run.latencies_s) == len(batches)
    assert run.peak <= scenario.max_replicas
    assert sum(change for _, change in run.changes) == 0
    assert run.billed_s >= run.useful_s - 1e-6
    found = answer(scenario, batches)
    assert found.cost_usd == pytest.approx(run.billed_s / 1000)
    assert 0 <= found.waste_share <= 1
    for batch, latency_s in zip(sorted(batches, key=lambda b: b.at), run.latencies_s, strict=True):
        assert latency_s >= batch.tokens / scenario.tokens_per_s - 1e-6


def test_a_cold_fleet_is_waited_for_and_billed_for_its_start_and_its_tail():
    found = answer(fleet(cold_start_s=60, idle_s=30), arrivals(0, deadline_s=65))
    assert (found.p50_s, found.misses) == (70, 1)
    assert found.cost_usd == pytest.approx((60 + 10 + 30) / 1000)
    assert found.waste_share == pytest.approx(0.9)


def test_batches_queue_where_no_more_instances_may_start():
    found = answer(fleet(max_replicas=1), arrivals(0, 0, 0))
    assert (found.p50_s, found.p99_s, found.peak_replicas) == (20, 30, 1)
    assert answer(fleet(max_replicas=3), arrivals(0, 0, 0)).p99_s == 10


def test_an_endpoint_starts_no_instance_that_would_come_too_late_to_help():
    def peak(patience_s):
        scenario = fleet(min_replicas=1, max_replicas=4, cold_start_s=60, patience_s=patience_s)
        return answer(scenario, arrivals(0, 0, 0, 0)).peak_replicas

    assert (peak(0.0), peak(60.0)) == (4, 1)
    none_yet = fleet(max_replicas=4, cold_start_s=60, patience_s=60)
    assert answer(none_yet, arrivals(0, 0)).p99_s == 80


def test_an_instance_that_waits_is_quicker_and_dearer():
    late = arrivals(0, 3600)
    cold = answer(fleet(cold_start_s=300), late)
    warm = answer(fleet(cold_start_s=300, min_replicas=1), late)
    assert warm.p99_s < cold.p99_s
    assert warm.cost_usd > cold.cost_usd


def test_a_quiet_night_and_weekend_cost_nothing():
    quiet = Quiet(20, 8, weekend=True)
    week = arrivals(0), MONDAY + timedelta(days=7)
    always = answer(fleet(min_replicas=1), *week)
    rested = answer(fleet(min_replicas=1, quiet=quiet), *week)
    assert always.cost_usd == pytest.approx(7 * 24 * 3.6)
    assert rested.cost_usd == pytest.approx(5 * 12 * 3.6, rel=1e-3)


def test_spot_takes_longer_by_the_work_it_loses():
    long = arrivals(0, tokens=36_000 * 10)
    spot = answer(fleet(spot=Spot(2.0, 600.0), cold_start_s=60), long)
    assert spot.p50_s > answer(fleet(cold_start_s=60), long).p50_s


def test_a_batch_that_spot_never_lets_end_is_refused():
    for spot in (Spot(60.0, 0.0), Spot(1e9, 60.0)):
        with pytest.raises(ScenarioRefused, match="1,000 interruptions"):
            answer(fleet(spot=spot), arrivals(0, tokens=36_000 * 10))


def test_commitments_are_paid_whether_they_run_or_not_and_more_is_on_demand():
    plan = Purchase(10.0, committed=1, committed_usd_per_h=6.0)
    assert plan.cost_usd([], 7200) == 12
    two_for_an_hour = [(0.0, 2), (3600.0, -2)]
    assert plan.cost_usd(two_for_an_hour, 7200) == 12 + 10
    assert Purchase(10.0).cost_usd(two_for_an_hour, 7200) == 20


def test_an_own_server_pays_back_when_rent_is_above_its_running():
    server = OwnServer(15_000, 4, power_w=500, usd_per_kwh=0.2, upkeep_usd_per_year=1_124)
    assert server.running_usd_per_year == pytest.approx(2_000)
    assert server.usd_per_h == pytest.approx(5_750 / 8760)
    assert server.pays_back_years(19_000) == pytest.approx(15_000 / 17_000)
    assert server.pays_back_years(1_500) is None


def test_percentiles_are_nearest_rank():
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.99) == 7.0


def test_published_figures_follow_from_their_inputs_but_for_those_that_are_known_not_to():
    contradictions = [
        case.what for case in published_cases(load_price_book(PUBLISHED_FOLDER)) if not case.agrees
    ]
    assert contradictions == [
        "64 × p5.48xlarge, 336 h, on demand, $",
        "64 × p5.48xlarge, 336 h, spot, $",
        "spot's saving on p4d.24xlarge",
        "spot's saving on p5.48xlarge",
        "2 × g5.12xlarge, 100,000 a day, $ a month",
        "a card of p4d.24xlarge rented for a year, $",
    ]


def test_models_that_are_packed_need_at_least_what_their_memory_asks_for():
    (packed,) = (
        case for case in published_cases(load_price_book(PUBLISHED_FOLDER)) if case.is_least
    )
    assert (packed.published, packed.computed, packed.agrees) == (23, 9, True)
    assert "a model takes 24 %" in packed.note
    assert not replace(packed, published=8).agrees, "fewer than the memory of 78 models allows"
    assert least_instances(9, 0.8, 7.4) == 1
    assert least_instances(10, 0.8, 7.4) == 2


def test_the_shipped_scenarios_answer_own_traffic_and_draw_it(tmp_path, capsys):
    rows = ["at,documents,tokens,deadline_s"]
    rows += [f"{(MONDAY + timedelta(minutes=5 * n)).isoformat()},500,25000,900" for n in range(50)]
    (tmp_path / "own.csv").write_text("\n".join(rows))
    chart, numbers = tmp_path / "chart.svg", tmp_path / "answers.json"
    arguments = ["--chart", str(chart), "--json", str(numbers)]
    assert main(["run", "--traffic", str(tmp_path / "own.csv"), *arguments]) == 0
    told, answers = capsys.readouterr().out, json.loads(numbers.read_text())
    names = [
        each.name for each in load_scenarios(SCENARIOS_FILE, load_lanes(LANES), load_price_book())
    ]
    assert [each["scenario"] for each in answers] == names
    assert all(name in told and name in chart.read_text() for name in names)
    costs = {each["scenario"]: each["cost_usd"] for each in answers}
    assert costs["gpu-spot"] < costs["gpu-on-demand"]
    assert costs["gpu-reserved"] < costs["gpu-always-on"]
    assert "cheapest without a deadline missed" in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("at,documents\n1,2\n", "no column tokens"),
        ("at,documents,tokens\n0,1,5\nsoon,1,5\n", "line 3"),
        ("at,documents,tokens\n0,-1,5\n", "line 2"),
        ("at,documents,tokens,deadline_s\n0,1,5,nan\n", "line 2: deadline_s"),
    ],
)
def test_traffic_that_cannot_be_read_names_its_line(tmp_path, text, message):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(ScenarioRefused, match=message):
        read_traffic(path)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('lane = "transform"\npurchase = "reserved"', "needs `committed`"),
        ('lane = "transform"\npurchase = "owned"', "needs `own`"),
        ('lane = "transform"\nmax_replica = 2', "max_replica"),
        ('lane = "transform"\ninstance = "ml.p9.large"', "ml.p9.large"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused(tmp_path, body, message, capsys):
    path, own = tmp_path / "scenarios.toml", tmp_path / "own.csv"
    path.write_text(f"[scenario.a]\n{body}\n")
    own.write_text("at,documents,tokens\n0,1,5\n")
    assert main(["run", "--traffic", str(own), "--scenarios", str(path)]) == 1
    assert message in capsys.readouterr().err


def test_a_backtest_sets_the_lanes_prediction_beside_what_was():
    (batch,) = arrivals(0, tokens=36_000)
    seen = [SeenBatch(batch, Lane.TRANSFORM, 40.0, 0.01)]
    (found,) = backtest(
        seen,
        [profile(Lane.TRANSFORM), profile(Lane.SPOT)],
        max_replicas=4,
        loading_documents_per_s=5.0,
    )
    assert found.predicted_usd == pytest.approx(37 / 3600)
    assert found.cost_error == pytest.approx(37 / 36 - 1)
    assert (found.predicted_p50_s, found.seen_p50_s) == (39, 40)
    assert found.latency_error == pytest.approx(39 / 40 - 1)


def test_what_batches_taught_takes_the_lanes_files_place_and_the_rest_stays():
    lanes = load_lanes(LANES)
    (gpu,) = (each for each in lanes.profiles() if each.lane is Lane.TRANSFORM)
    assumed = LaneCurve.assumed(gpu, "news-topic")
    seen = [
        LaneObservation(
            str(number),
            assumed.key,
            Load(number * 10**6, number * 10**4),
            100 + number * 10,
            100 + number * 10,
            False,
            0,
            0.0,
            MONDAY,
        )
        for number in range(1, 60)
    ]
    money = Money(Settings(database_url="postgresql://nowhere"), lanes)
    money.curve_book = FakeCurveBook()
    money.curve_book.keep(assumed.learned(seen))
    learned = money.learned_lanes("news-topic", document_tokens=100)
    assert learned.lanes[Lane.TRANSFORM].cold_start_s == pytest.approx(100, rel=0.05)
    assert learned.lanes[Lane.TRANSFORM].tokens_per_s == pytest.approx(100_000, rel=0.05)
    assert learned.lanes[Lane.SPOT] == lanes.lanes[Lane.SPOT]


def test_a_learned_backtest_is_taught_by_what_was_seen_before_its_batches():
    lanes = load_lanes(LANES)
    (gpu,) = (each for each in lanes.profiles() if each.lane is Lane.TRANSFORM)
    key = LaneCurve.assumed(gpu, "news-topic").key

    def seen(number: int, at: datetime, rate: int) -> LaneObservation:
        load = Load(number * 10**6, number * 10**4)
        seconds = 100 + number * 10**6 / rate
        return LaneObservation(f"{at}/{number}", key, load, seconds, seconds, False, 0, 0.0, at)

    def batch(hours: int, model_name: str) -> SeenBatch:
        arrival = Arrival(MONDAY + timedelta(hours=hours), 100, 10_000, None)
        return SeenBatch(arrival, Lane.TRANSFORM, 40.0, 0.01, model_name, True)

    class Ledger:
        def traffic(self, first: date, last: date, account: str | None) -> list[SeenBatch]:
            return [batch(0, "news-topic"), batch(1, "other"), batch(2, "news-topic")]

    money = Money(Settings(database_url="postgresql://nowhere"), lanes)
    money.usage_book = Ledger()
    money.curve_book = FakeCurveBook()
    early, late = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)
    money.curve_book.observe([seen(number, early, 10**5) for number in range(1, 60)])
    money.curve_book.observe([seen(number, late, 10**4) for number in range(1, 60)])
    learn = partial(money.backtest, MONDAY.date(), MONDAY.date(), 4)

    plain, found = learn(), learn("news-topic")

    (by_file,), (by_batches,) = plain.lanes, found.lanes
    assert (by_file.batches, by_batches.batches) == (3, 1)
    assert (found.first, found.is_emulated) == (late, True)
    loading_s = 100 / money.settings.loading_documents_per_s
    assert by_batches.predicted_p50_s == pytest.approx(100.1 + loading_s, rel=0.05)
    assert by_file.predicted_p50_s > 300, "the lanes file's own start is longer"
    assert learn("none") is None
    kept = json.loads(backtest_json(found, MONDAY))
    assert kept["emulated"] is True
    assert kept["lanes"][0]["latency_error"] == pytest.approx(by_batches.latency_error)
    assert kept["all"]["cost_error"] == pytest.approx(by_batches.cost_error)
    assert "no bill" in backtest_table(found)
