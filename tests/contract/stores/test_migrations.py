"""Migrations: in order, each once, and an applied file is never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from include.adapters.postgres.migrations import MIGRATIONS_FOLDER, MigrationRefused, migrate
from include.domain.errors import StoreError
from tests.support.postgres import PostgresServer


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);")
    (tmp_path / "0002_second.sql").write_text("UPDATE t SET a = a + 1;")
    return tmp_path


def value(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT a FROM t").fetchone()
    assert row is not None
    return int(row[0])


def test_files_are_applied_in_order_and_once(url: str, folder: Path) -> None:
    assert migrate(url, folder) == ["0001_first", "0002_second"]
    assert migrate(url, folder) == []
    (folder / "0010_third.sql").write_text("UPDATE t SET a = a * 10;")
    assert migrate(url, folder) == ["0010_third"]

    assert value(url) == 20


def test_each_is_recorded_with_its_checksum(url: str, folder: Path) -> None:
    migrate(url, folder)

    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT version, name, length(checksum) FROM schema_migrations")
        assert rows.fetchall() == [(1, "first", 64), (2, "second", 64)]


def test_an_applied_file_that_changed_is_refused(url: str, folder: Path) -> None:
    migrate(url, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE t (a bigint);")
    (folder / "0003_third.sql").write_text("UPDATE t SET a = 0;")

    with pytest.raises(MigrationRefused, match="0001_first was changed"):
        migrate(url, folder)

    assert value(url) == 2


def test_an_applied_file_that_is_gone_is_refused(url: str, folder: Path) -> None:
    migrate(url, folder)
    (folder / "0002_second.sql").unlink()

    with pytest.raises(MigrationRefused, match=r"0002_second.*gone"):
        migrate(url, folder)


def test_a_new_file_before_an_applied_one_is_refused(url: str, folder: Path) -> None:
    (folder / "0002_second.sql").rename(folder / "0005_second.sql")
    migrate(url, folder)
    (folder / "0003_late.sql").write_text("UPDATE t SET a = 0;")

    with pytest.raises(MigrationRefused, match="0003_late"):
        migrate(url, folder)


def test_a_failing_file_leaves_no_trace_and_those_before_stand(url: str, folder: Path) -> None:
    (folder / "0003_broken.sql").write_text("UPDATE t SET a = 99; SELECT nonsense;")

    with pytest.raises(StoreError, match=r"0003_broken.*rolled back"):
        migrate(url, folder)
    assert value(url) == 2

    (folder / "0003_broken.sql").write_text("UPDATE t SET a = 99;")
    assert migrate(url, folder) == ["0003_broken"]


@pytest.mark.parametrize("name", ["3_short.sql", "0003-dash.sql", "0001_again.sql"])
def test_a_name_out_of_form_is_refused(url: str, folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1;")

    with pytest.raises(MigrationRefused) as caught:
        migrate(url, folder)

    assert name in str(caught.value)


def test_processes_at_the_same_time_take_turns(url: str, folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrate(url, folder), range(4)))

    assert sorted(map(len, applied)) == [0, 0, 0, 2]
    assert value(url) == 2


def test_the_products_own_migrations_apply(url: str) -> None:
    names = [path.stem for path in sorted(MIGRATIONS_FOLDER.glob("*.sql"))]

    assert migrate(url) == names
    assert migrate(url) == []
