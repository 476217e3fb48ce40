"""The day's figures: read from the ledger, shown in CloudWatch, and read there again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from benchmarks.page.compare import truth
from benchmarks.page.load import fill
from include.adapters.aws.cloudwatch.gauge_board import NAMESPACE, CloudWatchGauges
from include.adapters.postgres.database import Database
from include.adapters.postgres.money.standings import PostgresStandings
from include.adapters.postgres.money.usage_book import PostgresUsageBook
from include.domain.money.prices import Price, PriceKey, Service, Unit
from include.domain.money.usage import Owner, Period, UsageKind, usage_charge
from include.pipeline.money.gauges import Gauge, GaugeName, publish_gauges
from tests.support.local_aws import LocalAws

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def test_the_days_cost_reaches_cloudwatch_and_telling_it_twice_adds_nothing(
    cloud: LocalAws, product_database_url: str
) -> None:
    database = Database(product_database_url)
    price = Price(PriceKey(Service.SAGEMAKER, "ml.x"), Unit.HOUR, 2.0, date(2026, 1, 1), "test")
    PostgresUsageBook(database).book(
        [
            usage_charge(
                kind=UsageKind.CALIBRATION,
                owner=Owner(None, None, "news-topic", "1"),
                resource_id="probe",
                price=price,
                quantity=0.5,
                period=Period(at, at + timedelta(minutes=1)),
                is_emulated=True,
                waste_share=1.0,
            )
            for at in (NOW, NOW - timedelta(days=1))
        ]
    )
    cloudwatch = cloud.client("cloudwatch")
    standings, board = PostgresStandings(database), CloudWatchGauges(cloudwatch)

    for _ in range(2):
        assert publish_gauges(NOW, standings, board) == 9

    database.close()
    found = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=GaugeName.WASTE_TODAY.value,
        Dimensions=[{"Name": "Lane", "Value": "calibration"}],
        StartTime=NOW - timedelta(minutes=5),
        EndTime=NOW + timedelta(minutes=5),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert [each["Maximum"] for each in found] == [pytest.approx(1.0)]
    assert Gauge(GaugeName.DEADLINES_MISSED, 0.0) in standings_of(product_database_url)


def test_a_day_is_utcs_whatever_the_databases_time_zone(product_database_url: str) -> None:
    fill(product_database_url, batches=2000, accounts=2, days=3)

    yesterday = NOW - timedelta(days=1)
    seen = standings_of(product_database_url, yesterday)

    met, missed = (
        each.value
        for each in seen
        if each.name in (GaugeName.DEADLINES_MET, GaugeName.DEADLINES_MISSED)
    )
    assert met > missed > 0
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        there = f"{product_database_url}?options=-c%20timezone%3D{zone}"
        assert standings_of(there, yesterday) == seen


def test_figures_of_the_day_are_the_pages(product_database_url: str) -> None:
    fill(product_database_url, batches=2000, accounts=20, days=3)
    yesterday = NOW - timedelta(days=1)
    with psycopg.connect(product_database_url) as connection:
        connection.execute(
            "INSERT INTO savings SELECT 's-' || n, 'async', 'async_endpoint', 'idle', "
            "'scaled to zero', 'ml.x', 1, at, 1, n, true, at, at, at, at "
            "FROM generate_series(1, 3) AS n, LATERAL (VALUES (%(at)s - n * interval '8 hours')) "
            "AS moment (at)",
            {"at": yesterday},
        )

    true = truth(product_database_url, yesterday.date(), yesterday.date())
    told = standings_of(product_database_url, yesterday)

    def by(name: GaugeName, dimension: str) -> dict[str, float]:
        own = [each for each in told if each.name is name and dimension in each.dimensions]
        return {each.dimensions[dimension]: each.value for each in own}

    alone = {each.name: each.value for each in told if not each.dimensions}
    accounts = by(GaugeName.LIST_COST_TODAY, "Account")
    assert len(accounts) == 12, "the dearest of them"
    for facet, found in (
        ("lane", by(GaugeName.LIST_COST_TODAY, "Lane")),
        ("account", accounts),
        ("model", by(GaugeName.LIST_COST_TODAY, "ModelVersion")),
    ):
        for name, value in found.items():
            if f"{facet}/{name}" in true:
                assert value == pytest.approx(true[f"{facet}/{name}"])
            else:
                assert name in ("none", "endpoint_time"), "what is for no batch"
                assert value == pytest.approx(true[f"{facet}/"])
    assert alone[GaugeName.LIST_COST_PER_THOUSAND_TODAY] == pytest.approx(true["per_thousand_usd"])
    assert alone[GaugeName.SPOT_INTERRUPTIONS_TODAY] == true["spot/interruptions"] > 0
    assert alone[GaugeName.IDLE_SAVED_TODAY] == true["list_saved_usd"] == 1
    assert alone[GaugeName.BATCHES_AT_RISK] == 20, "every batch that runs was foreseen to be late"
    documents = by(GaugeName.DOCUMENTS_TODAY, "ModelVersion")
    assert sum(documents.values()) == true["documents"]
    assert documents["model-0@7"] == true["champion/model-0@7"]


def standings_of(url: str, now: datetime = NOW) -> list[Gauge]:
    database = Database(url)
    found = list(PostgresStandings(database).gauges(now))
    database.close()
    return found
