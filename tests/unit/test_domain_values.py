from datetime import UTC, datetime, timedelta

import pytest

from include.domain.accounts import Account, Tier
from include.domain.batches.manifests import BatchManifest, Shard, batch_id_for
from include.domain.batches.predictions import Prediction, PredictionError, Stage, parse_prediction
from include.domain.errors import OutputIncomplete, TierNotAllowed
from include.domain.execution.jobs import job_name
from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.domain.money.costs import Capacity, Waste, lane_charge

MODEL = ModelRef("news-topic", "3", "a" * 64)
START = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_account_may_ask_for_its_tier_or_less():
    account = Account("acme", Tier.STANDARD)
    assert account.effective_tier(None) is Tier.STANDARD
    assert account.effective_tier(Tier.DEMO) is Tier.DEMO
    with pytest.raises(TierNotAllowed, match=r"acme.*standard.*enterprise"):
        account.effective_tier(Tier.ENTERPRISE)


def test_a_manifest_survives_its_json():
    manifest = BatchManifest(
        batch_id="b-1",
        submission_key="run",
        batch_uris=("s3://a/b", "s3://a/c"),
        content_digest="0" * 64,
        account="acme",
        tier=Tier.TRIAL,
        model=MODEL,
        submitted_at=START,
        deadline_at=START + timedelta(minutes=1),
        shards=(Shard(0, "s3://w/0", 3, 40), Shard(1, "s3://w/1", 2, 10)),
    )
    assert BatchManifest.from_json(manifest.to_json()) == manifest
    assert (manifest.document_count, manifest.token_estimate) == (5, 50)


def test_a_batch_id_changes_with_each_part_of_its_identity():
    base = ("run", "digest", "acme", MODEL)
    others = [
        ("run2", "digest", "acme", MODEL),
        ("run", "digest2", "acme", MODEL),
        ("run", "digest", "acme2", MODEL),
        ("run", "digest", "acme", ModelRef("news-topic", "4", "a" * 64)),
        ("run", "digest", "acme", ModelRef("news-topic", "3", "b" * 64)),
    ]
    ids = [batch_id_for(*identity) for identity in [base, base, *others]]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 1 + len(others)


@pytest.mark.parametrize("lane", list(Lane))
def test_job_names_keep_sagemakers_limit(lane):
    name = job_name(lane, batch_id_for("k", "d", "a", MODEL), attempt=19)
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()


def test_a_charge_is_hours_times_price_and_emulated_work_is_never_billed():
    charge = lane_charge(
        batch_id="b-1",
        lane=Lane.TRANSFORM,
        resource_id="job",
        sku="ml.g4dn.xlarge",
        price_usd_per_h=0.736,
        instance_count=2,
        started_at=START,
        ended_at=START + timedelta(minutes=30),
        is_emulated=True,
    )
    assert charge.pricing_quantity == pytest.approx(1.0)
    assert charge.list_cost == pytest.approx(0.736)
    assert charge.billed_cost == 0
    assert charge.is_emulated


def test_waste_is_a_part_of_what_is_billed():
    charge = lane_charge(
        batch_id="b-1",
        lane=Lane.SPOT,
        resource_id="job",
        sku="ml.g4dn.xlarge",
        price_usd_per_h=3.6,
        instance_count=1,
        started_at=START,
        ended_at=START + timedelta(seconds=100),
        is_emulated=False,
        billable_s=30.0,
        capacity=Capacity.SPOT,
        waste_s={Waste.INTERRUPTED: 20.0, Waste.COLD_START: 20.0, Waste.IDLE: 5.0},
    )
    assert charge.list_cost == charge.billed_cost == pytest.approx(0.030)
    assert charge.waste_cost == pytest.approx({Waste.INTERRUPTED: 0.020, Waste.COLD_START: 0.010})
    assert charge.total_waste_cost == pytest.approx(charge.list_cost)


def test_a_charge_cannot_run_backwards():
    with pytest.raises(ValueError, match="before it starts"):
        lane_charge(
            batch_id="b-1",
            lane=Lane.TRANSFORM,
            resource_id="job",
            sku="x",
            price_usd_per_h=1,
            instance_count=1,
            started_at=START,
            ended_at=START - timedelta(seconds=1),
            is_emulated=False,
        )


def test_prediction_lines():
    assert parse_prediction(b'{"id": "1", "label": "Sports", "score": 0.5}', source="o") == (
        Prediction("1", "Sports", 0.5)
    )
    assert parse_prediction(
        b'{"id": "1", "label": "Sports", "score": 0.5, "stage": "cheap"}', source="o"
    ) == Prediction("1", "Sports", 0.5, Stage.CHEAP)
    refused = parse_prediction('{"id": null, "error": {"code": "c", "message": "m"}}', source="o")
    assert refused == PredictionError(None, "c", "m")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{}",
        "no",
        '{"id": "1", "label": "x"}',
        '{"id": "1", "label": "x", "score": 1, "stage": "third"}',
        '{"id": "1", "label": "x", "score": 1, "stage": null}',
        "1",
    ],
)
def test_a_line_out_of_contract_is_an_error_that_names_its_source(line):
    with pytest.raises(OutputIncomplete, match="s3://w/out"):
        parse_prediction(line, source="s3://w/out")
