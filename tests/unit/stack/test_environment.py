import stat
from pathlib import Path

import pytest

from stack import dotenv
from stack.environment import render_environment
from stack.passwords import generate, load_or_generate
from stack.paths import Paths
from stack.settings import Ports


@pytest.fixture
def environment(tmp_path):
    paths = Paths(root=Path("/src/twolane"), state=tmp_path)
    return render_environment(paths, Ports(airflow=8181, aws=4600), generate())


def test_every_address_is_loopback(environment):
    addresses = [value for value in environment.values() if "://" in value]
    assert len(addresses) > 8
    assert all("127.0.0.1" in address for address in addresses)


def test_ports_reach_every_consumer(environment):
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4600"
    assert environment["AIRFLOW__API__PORT"] == "8181"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith(
        "http://127.0.0.1:8181/"
    )


def test_the_product_finds_only_settings_it_knows(environment, monkeypatch):
    from include.config import load_settings

    for name, value in environment.items():
        if name.startswith("TWOLANE_"):
            monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    try:
        assert load_settings().is_emulated
    finally:
        load_settings.cache_clear()


def test_a_password_cannot_break_a_url():
    from stack.environment import database_url

    url = database_url("airflow", "a/b@c:d%", 5433, "airflow")
    assert url == "postgresql://airflow:a%2Fb%40c%3Ad%25@127.0.0.1:5433/airflow"


def test_no_telemetry(environment):
    assert environment["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert environment["GX_ANALYTICS_ENABLED"] == "False"


@pytest.mark.parametrize("value", ["plain", "two words", "a=b#c", 'it\'s "quoted"', "", "$HOME\\x"])
def test_dotenv_round_trip(value):
    assert dotenv.parse(dotenv.render({"NAME": value})) == {"NAME": value}


def test_dotenv_refuses_a_line_break():
    with pytest.raises(ValueError, match="NAME"):
        dotenv.render({"NAME": "a\nb"})


def test_secrets_are_private_and_made_once(tmp_path):
    path = tmp_path / "state" / "passwords.json"
    first, was_new = load_or_generate(path)
    second, was_new_again = load_or_generate(path)
    assert (was_new, was_new_again) == (True, False)
    assert first == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert generate() != first
