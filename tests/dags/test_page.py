"""The page in Airflow: who may see it, and that no other component pays for it."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.page.compare import figures_of
from include.domain.errors import StoreError
from tests.support.airflow_home import REPOSITORY, initialise_metadata, use_temporary_airflow_home
from tests.support.fakes.alerts import FakeQueueGauges
from tests.support.fakes.curves import FakeCurveBook
from tests.support.page import NOW, FakePageBook, some_figures

use_temporary_airflow_home()

PROGRAM = """
import json, sys
from airflow import plugins_manager
before = set(sys.modules)
apps, _ = plugins_manager.get_fastapi_plugins()
print("\\n" + json.dumps([
    [each["url_prefix"] for each in apps if each["url_prefix"] == "/twolane"],
    sorted(
        name for name in set(sys.modules) - before if name.startswith(("include", "plotly"))
    ),
]))
"""


class FakePage:
    """A composition on figures that are given; may be made to fail."""

    def __init__(self) -> None:
        from include.files.lanes_file import load_lanes
        from include.wiring.page import Page

        self.error: Exception | None = None
        self.book = FakePageBook(some_figures())
        settings = SimpleNamespace(model_name="news-topic", queue_name=str)
        lanes = load_lanes(REPOSITORY / "include" / "lanes" / "aws.toml")
        self.real = Page(settings, lanes, now=lambda: NOW)  # type: ignore[arg-type]
        vars(self.real).update(
            page_book=self.book, curve_book=FakeCurveBook(), queue_gauges=FakeQueueGauges()
        )

    def __getattr__(self, name: str) -> Any:
        if self.error is not None:
            raise self.error
        return getattr(self.real, name)


@pytest.fixture
def composition(monkeypatch: pytest.MonkeyPatch) -> FakePage:
    from twolane_airflow.page import app

    fake = FakePage()
    monkeypatch.setattr(app, "page", lambda: fake)
    return fake


@pytest.fixture
def client(composition: FakePage) -> Iterator[Any]:
    """The page as Airflow mounts it, with a token of Airflow's own in `client.token`."""
    initialise_metadata()
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from twolane_airflow.page.app import page_app

    manager = create_auth_manager()
    user = SimpleAuthManagerUser(username="ada", role="viewer")
    outer = FastAPI()
    outer.state = SimpleNamespace(auth_manager=manager)  # type: ignore[assignment]
    outer.mount("/twolane", page_app())
    with TestClient(outer) as found:
        found.token = manager.generate_jwt(user)
        yield found


PATHS = (
    "/twolane/",
    "/twolane/?days=7",
    "/twolane/assets/x/page.css",
    "/twolane/assets/x/plotly.min.js",
)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_sees_anything_without_a_user(client: Any, path: str) -> None:
    assert client.get(path).status_code == 401
    client.cookies.set("_token", "forged")
    assert client.get(path).status_code == 403


def test_a_user_of_airflow_sees_the_page_and_its_files(client: Any) -> None:
    client.cookies.set("_token", client.token)

    page = client.get("/twolane/")
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert figures_of(page.text)["list_cost_usd"] == pytest.approx(1.0)
    names = {part.split('"')[0] for part in page.text.split('="assets/')[1:]}
    assert len(names) == 3
    for name in names:
        answer = client.get(f"/twolane/assets/{name}")
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["cache-control"]


def test_what_is_not_there_is_not_found(client: Any) -> None:
    client.cookies.set("_token", client.token)

    for path in (
        "?days=31",
        "assets/x/page.html.j2",
        "assets/x/..%2Fpage.py",
        "docs",
        "openapi.json",
    ):
        assert client.get(f"/twolane/{path}").status_code == 404, path


def test_a_database_that_is_away_is_told_in_plain_words_and_its_own_stand_in_the_log(
    client: Any, composition: FakePage, caplog: pytest.LogCaptureFixture
) -> None:
    client.cookies.set("_token", client.token)
    composition.error = StoreError('the page\'s figures: connection to "10.0.0.7" refused')

    answer = client.get("/twolane/")

    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "10.0.0.7" not in answer.text
    assert "10.0.0.7" in caplog.text


def test_every_component_loads_the_plugin_and_none_the_page() -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'plugins'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    prefixes, loaded = json.loads(result.stdout.splitlines()[-1])
    assert prefixes == ["/twolane"]
    assert loaded == []


FLEET = {"lane": "spot", "purchase": "spot", "max_replicas": "2", "spot.interruptions_per_h": "0"}


def test_the_form_plays_an_uploaded_file_through_a_fleet(client: Any) -> None:
    client.cookies.set("_token", client.token)
    traffic = b"\xef\xbb\xbfat,documents,tokens,deadline_s\n0,100,5000,60\n10,100,5000,0.001\n"
    files = {"traffic": ("mine.csv", traffic, "text/csv")}

    answer = client.post("/twolane/what-if", data={"days": "7", **FLEET}, files=files)

    assert answer.status_code == 200, answer.text
    shown = figures_of(answer.text)
    assert shown["what-if/your fleet/cost_usd"] > 0
    assert "Every fleet misses a deadline" in answer.text
    assert "2 batches, 200 documents" in answer.text


def test_the_form_plays_the_ledger_beside_known_fleets_and_keeps_what_was_written(
    client: Any, composition: FakePage
) -> None:
    client.cookies.set("_token", client.token)
    form = {"days": "7", "account": "trial-lumen", "compare": "on", "deadline_s": "900", **FLEET}

    answer = client.post("/twolane/what-if", data=form)

    assert answer.status_code == 200, answer.text
    assert len(figures_of(answer.text)) == 2 * 10
    assert composition.book.traffic_asked == ("trial-lumen", 7)
    assert 'value="trial-lumen"' in answer.text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lane": "warp"}, "lane: Input should be"),
        ({"max_replicas": "many"}, "is no number"),
        ({"max_replicas": "0"}, "greater than or equal to 1"),
        ({"purchase": "reserved"}, "needs `committed` and `discount`"),
        ({"instance": "ml.nothing.large"}, "ml.nothing.large"),
        ({"days": "0"}, "a number from 1 to 366"),
        ({"deadline_s": "-1"}, "more than 0"),
        ({"deadline_s": "nan"}, "more than 0"),
        ({"days": "²"}, "a number from 1 to 366"),
        ({"min_replicas": "101", "max_replicas": "200"}, "at most 100 instances"),
        ({"tokens_per_s": "1e-300"}, "longer than there are years"),
        ({"cold_start_s": "inf"}, "cold_start_s: Input should be a finite number"),
        ({"spot.interruptions_per_h": "1e9", "tokens_per_s": "1"}, "1,000 interruptions"),
        ({"account": "nobody"}, "no traffic"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(client: Any, change: dict[str, str], why: str) -> None:
    client.cookies.set("_token", client.token)

    answer = client.post("/twolane/what-if", data={"days": "7", **FLEET, **change})

    assert answer.status_code == 422
    assert why in html.unescape(answer.text)


def test_a_form_is_read_only_of_a_user_and_only_if_it_is_small(client: Any) -> None:
    files = {"traffic": ("mine.csv", b"0,1,1\n" * 200_000, "text/csv")}

    assert client.post("/twolane/what-if", data=FLEET, files=files).status_code == 401
    client.cookies.set("_token", client.token)
    assert client.post("/twolane/what-if", data=FLEET, files=files).status_code == 413
