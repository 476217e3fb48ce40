import shutil
from datetime import date
from pathlib import Path

import pytest

from include.cli.refresh_prices import main, refresh
from include.domain.errors import UnknownPrice
from include.domain.lanes import Lane
from include.domain.money.prices import Service, Sku, Term
from include.files.lanes_file import load_lanes
from include.files.price_list import read_offer
from include.files.prices import PRICES_FOLDER, format_price_file, load_price_book, read_price_file

OFFER = Path(__file__).parent / "price_list.json"
LANES = Path("include/lanes")
HOSTING = """
region = "us-east-1"
[[section]]
service = "Amazon SageMaker"
unit = "Hours"
term = "on_demand"
as_of = 2025-02-01
source = "made up"
usage = { offer = "AmazonSageMaker", sku = "instanceName", where = { component = "Hosting" } }
[section.usd]
"ml.c5.xlarge" = 0.2
"ml.p4d.24xlarge" = 37.5
"""


def test_sagemaker_and_ec2_instances_are_different_products():
    book = load_price_book()
    assert book.instance("ml.g5.xlarge").usd > book.instance("g5.xlarge").usd
    with pytest.raises(UnknownPrice, match=r"ml\.p9\.large"):
        book.instance("ml.p9.large")
    with pytest.raises(UnknownPrice, match="spot"):
        book.instance("c5.xlarge", Term.SPOT)


@pytest.mark.parametrize("name", ["aws.toml", "local.toml"])
def test_the_lanes_are_priced_by_the_book(name):
    book = load_price_book()
    for profile in load_lanes(LANES / name).profiles():
        if profile.lane is Lane.SERVERLESS:
            memory_gb = int(profile.instance_type.removeprefix("serverless-")[:-2]) / 1024
            price = book.price(Service.SAGEMAKER, Sku.SERVERLESS_TIME)
            assert profile.price_usd_per_h == pytest.approx(price.cost(memory_gb * 3600))
            continue
        assert profile.on_demand_price_usd_per_h == book.instance(profile.instance_type).usd
        if profile.on_demand_usd_per_h is not None:
            assert profile.price_usd_per_h == book.instance(profile.instance_type, Term.SPOT).usd


def test_a_refreshed_book_reaches_the_lanes_and_what_a_lane_says_itself_stays(tmp_path):
    folder = tmp_path / "prices"
    shutil.copytree(PRICES_FOLDER, folder)
    assert main([str(OFFER), "--prices", str(folder), "--write"]) == 0
    assert load_lanes(LANES / "aws.toml", folder).lanes[Lane.PROCESSING].price_usd_per_h == 0.19
    own = tmp_path / "own.toml"
    text = (LANES / "aws.toml").read_text()
    own.write_text(text.replace('"ml.c5.xlarge"', '"ml.c5.xlarge"\nprice_usd_per_h = 0.5'))
    lanes = load_lanes(own, folder).lanes
    assert lanes[Lane.PROCESSING].price_usd_per_h == 0.5
    theirs = load_price_book().instance("ml.g4dn.xlarge").usd
    assert lanes[Lane.TRANSFORM].price_usd_per_h == theirs


def test_hardware_that_the_book_does_not_have_asks_for_a_price(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text((LANES / "aws.toml").read_text().replace("ml.c5.xlarge", "ml.p9.large"))
    with pytest.raises(UnknownPrice, match=r"ml\.p9\.large"):
        load_lanes(own)


@pytest.mark.parametrize("path", sorted(PRICES_FOLDER.glob("*.toml")), ids=lambda path: path.name)
def test_a_price_file_reads_as_it_was_written(path, tmp_path):
    file = read_price_file(path)
    copy = tmp_path / path.name
    copy.write_text(format_price_file(file, "# a heading"))
    assert read_price_file(copy) == file


def test_a_price_list_changes_what_it_names_and_leaves_the_rest_with_its_date(tmp_path):
    path = tmp_path / "sagemaker.toml"
    path.write_text(HOSTING)
    before = read_price_file(path)
    after, changes = refresh(before, [read_offer(OFFER)])
    new, kept = after.section
    assert (new.usd, new.as_of) == ({"ml.c5.xlarge": 0.19}, date(2026, 3, 1)), "hosting, here"
    assert "20260301000000" in new.source
    assert kept.usd == {"ml.p4d.24xlarge": 37.5}, "a fee for a training plan is no price an hour"
    assert kept.as_of == before.section[0].as_of
    assert [each.sku for each in changes] == ["ml.c5.xlarge", "ml.p4d.24xlarge"]


def test_the_command_writes_only_when_told(tmp_path, capsys):
    folder = tmp_path / "prices"
    shutil.copytree(PRICES_FOLDER, folder)
    texts = {path.name: path.read_text() for path in folder.glob("*.toml")}
    assert main([str(OFFER), "--prices", str(folder)]) == 0
    assert {path.name: path.read_text() for path in folder.glob("*.toml")} == texts
    assert "→ 0.19 (" in capsys.readouterr().out
    assert main([str(OFFER), "--prices", str(folder), "--write"]) == 0
    book = load_price_book(folder)
    assert book.instance("ml.c5.xlarge").usd == 0.19
    assert book.instance("ml.c5.large") == load_price_book().instance("ml.c5.large")
    assert (folder / "ec2.toml").read_text() == texts["ec2.toml"]


def test_what_is_no_price_list_is_said(tmp_path, capsys):
    other = tmp_path / "index.json"
    other.write_text('{"offers": {}}')
    assert main([str(other)]) == 1
    assert "index.json: no price list file" in capsys.readouterr().err
