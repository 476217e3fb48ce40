"""The database server from the wheel: passwords, owners, loopback, restart."""

from dataclasses import replace

import psycopg
import pytest

from local_aws.ports import free_port
from stack.component import Runner
from stack.components import postgres
from stack.environment import database_url
from stack.errors import StackError
from stack.passwords import generate
from stack.paths import ROOT, Paths
from stack.processes import Processes, family
from stack.settings import Ports
from stack.status import listening


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    paths = Paths(root=ROOT, state=tmp_path_factory.mktemp("postgres"))
    ports, passwords = replace(Ports(), postgres=free_port()), generate()
    processes = Processes(paths.run, str(paths.state))
    runner = Runner(paths, processes, {})
    component = postgres.component(paths, ports, passwords)
    try:
        runner.spawn(component)
        runner.wait_ready(component, lambda: False)
        postgres.create_databases(ports, passwords)
        yield ports, passwords, processes, runner, component
    finally:
        runner.stop(component)
        assert processes.strays() == []


def test_each_role_has_its_database_and_no_other(server):
    ports, passwords, *_ = server
    own = database_url("twolane", passwords.database_twolane, ports.postgres, "twolane")
    with psycopg.connect(own) as connection:
        connection.execute("CREATE TABLE kept (x int)")
    foreign = database_url("twolane", passwords.database_twolane, ports.postgres, "airflow")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(foreign)


def test_a_wrong_password_is_refused(server):
    ports, passwords, *_ = server
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(database_url("twolane", "guess", ports.postgres, "twolane"))
    with pytest.raises(StackError, match="make clean"):
        postgres.is_ready(ports, replace(passwords, postgres="guess"))


def test_it_listens_on_loopback_alone(server):
    ports, _, processes, *_ = server
    assert listening(family(processes.running("postgres"))) == [f"127.0.0.1:{ports.postgres}"]


def test_data_survives_a_restart_and_creating_again_changes_nothing(server):
    ports, passwords, _, runner, component = server
    url = database_url("twolane", passwords.database_twolane, ports.postgres, "twolane")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE survivor (x int)")
    assert runner.stop(component)
    runner.spawn(component)
    runner.wait_ready(component, lambda: False)
    postgres.create_databases(ports, passwords)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM survivor").fetchone() == (0,)
