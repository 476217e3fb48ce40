"""The day's figures: read from the ledger, shown in CloudWatch, and read there again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

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
        assert publish_gauges(NOW, standings, board) == 4

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
    met, missed = standings_of(product_database_url, yesterday)[-2:]

    assert met.value > missed.value > 0
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        there = f"{product_database_url}?options=-c%20timezone%3D{zone}"
        assert standings_of(there, yesterday)[-2:] == [met, missed]


def standings_of(url: str, now: datetime = NOW) -> list[Gauge]:
    database = Database(url)
    found = list(PostgresStandings(database).gauges(now))
    database.close()
    return found
