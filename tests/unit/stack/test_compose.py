"""The Compose files, as far as they can be judged without an engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.config import Settings
from scripts.compose_env import SECRETS, complete, write_private
from stack.components.airflow import write_home
from stack.environment import render_environment
from stack.passwords import generate
from stack.paths import Paths
from stack.settings import Ports

REPOSITORY = Path(__file__).resolve().parents[3]
PLAIN = REPOSITORY / "docker-compose.yaml"
OVERRIDE = REPOSITORY / "docker-compose.override.yml"
FILES = pytest.mark.parametrize("file", [PLAIN, OVERRIDE], ids=lambda path: path.name)

BACKING = {"database", "aws", "sagemaker", "mlflow", "provision"}
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer"}
MAKES_SCHEMA = {"db-migration"}  # Astro has its own

AIRFLOW_HOME = "/usr/local/airflow"  # of the runtime's image
#: `make up` hands its caller's environment on; Compose hands on what is named.
FROM_THE_CALLER = {"TWOLANE_GPU_SERVING_IMAGE"}

SECRET_NAME = re.compile(r"PASSWORD$|SECRET|TOKEN|KEY")
NOT_SECRET = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}  # the emulator checks no signature
CREDENTIALS_IN_URL = re.compile(r"://[^/@:]+:(?P<password>[^@]+)@")
INTERPOLATION = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)(?P<rest>[^}]*)\}")


def services(file: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(file.read_text())["services"]


def environment(file: Path, service: str) -> dict[str, str]:
    return services(file)[service].get("environment", {})


def test_the_services_are_those_of_the_embedded_default():
    assert set(services(PLAIN)) == BACKING | AIRFLOW | MAKES_SCHEMA
    assert set(services(OVERRIDE)) == BACKING | AIRFLOW


@pytest.mark.parametrize("name", sorted(BACKING))
def test_both_files_declare_the_same_backing_service(name):
    plain = {key: value for key, value in services(PLAIN)[name].items() if key != "build"}

    assert services(OVERRIDE)[name] == plain


@pytest.mark.parametrize("name", sorted(AIRFLOW))
def test_merged_into_the_plain_file_the_override_changes_nothing(name):
    plain, override = services(PLAIN)[name], services(OVERRIDE)[name]

    assert set(override) == {"environment", "volumes"}
    assert override["environment"].items() <= plain["environment"].items()
    assert set(override["volumes"]) <= set(plain["volumes"])


@FILES
def test_every_port_is_published_on_loopback_alone(file):
    for name, service in services(file).items():
        for port in service.get("ports", []):
            assert re.fullmatch(r"127\.0\.0\.1:\$\{TWOLANE_PORT_[A-Z]+:-\d+\}:\d+", port), name


def test_published_ports_default_to_those_of_make_up():
    published = [port for each in services(PLAIN).values() for port in each.get("ports", [])]
    defaults = {m["name"]: int(m["rest"][2:]) for p in published if (m := INTERPOLATION.search(p))}

    ports = Ports()
    assert defaults == {
        f"TWOLANE_PORT_{name.upper()}": getattr(ports, name) for name in Ports.__dataclass_fields__
    }


@FILES
def test_no_secret_stands_in_a_file(file):
    for name, service in services(file).items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAME.search(variable) and variable not in NOT_SECRET:
                is_path = value.startswith("/")
                assert is_path or INTERPOLATION.fullmatch(value), f"{name}: {variable}"
            for found in CREDENTIALS_IN_URL.finditer(value):
                assert INTERPOLATION.fullmatch(found["password"]), f"{name}: {variable}"


def test_every_interpolated_secret_is_generated_and_every_generated_one_used():
    named = {
        found["name"]: found["rest"]
        for file in (PLAIN, OVERRIDE)
        for found in INTERPOLATION.finditer(file.read_text())
        if not found["name"].startswith("TWOLANE_")
    }

    assert set(named) == set(SECRETS)
    assert set(named.values()) == {":?run python3 scripts/compose_env.py"}


@FILES
@pytest.mark.parametrize("service", sorted(AIRFLOW | {"provision"}))
def test_the_products_settings_are_complete_and_known(file, service):
    given = {
        name.removeprefix("TWOLANE_").lower()
        for name in environment(file, service)
        if name.startswith("TWOLANE_")
    }
    needed = {name for name, field in Settings.model_fields.items() if field.is_required()}

    assert needed <= given <= set(Settings.model_fields)


def test_the_variables_are_those_that_make_up_sets():
    rendered = render_environment(Paths(REPOSITORY, REPOSITORY / "state"), Ports(), generate())
    of_the_image = {
        "AIRFLOW_HOME",
        "AIRFLOW__API__HOST",
        "AIRFLOW__API__PORT",
        "AIRFLOW__CORE__DAGS_FOLDER",
        "AIRFLOW__CORE__PLUGINS_FOLDER",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG",
        "PYTHONPATH",
    }
    of_loopback = {"NO_PROXY", "no_proxy"}

    for service in AIRFLOW:
        given = set(environment(PLAIN, service)) - {"AIRFLOW_ADMIN_PASSWORD", *FROM_THE_CALLER}
        assert given == set(rendered) - of_the_image - of_loopback, service


def test_values_that_name_no_place_are_those_of_make_up():
    rendered = render_environment(Paths(REPOSITORY, REPOSITORY / "state"), Ports(), generate())
    of_a_place = re.compile(r"[/$]")

    given = environment(PLAIN, "scheduler")

    plain = {name: value for name, value in given.items() if not of_a_place.search(value)}
    assert plain.items() <= rendered.items()


@FILES
@pytest.mark.parametrize("service", sorted(AIRFLOW | {"provision"}))
def test_the_gpu_image_is_the_callers_as_with_make_up(file, service):
    for name in FROM_THE_CALLER:
        assert environment(file, service)[name] == f"${{{name}:-}}"
        assert Settings.model_fields[name.removeprefix("TWOLANE_").lower()].default == ""


@FILES
@pytest.mark.parametrize("service", sorted(AIRFLOW))
def test_airflow_has_the_settings_module_that_make_up_lays_out(file, service, tmp_path):
    paths = Paths(REPOSITORY, tmp_path)
    write_home(paths, generate())
    laid_out = paths.airflow_home / "config" / "airflow_local_settings.py"

    mounted = {
        target: REPOSITORY / source
        for source, target, *_ in (each.split(":") for each in services(file)[service]["volumes"])
    }

    target = f"{AIRFLOW_HOME}/config/airflow_local_settings.py"
    assert mounted[target].read_text() == laid_out.read_text()


def test_the_images_file_knows_the_images_of_the_settings():
    images = json.loads((REPOSITORY / "compose/images.json").read_text())
    fields = Settings.model_fields

    names = ("serving_image", "training_image", "torch_image")
    assert set(images) == {fields[name].default for name in names}


def test_mounted_files_exist():
    for service in services(PLAIN).values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (REPOSITORY / source).is_file()


def test_secrets_are_generated_once_and_kept(tmp_path):
    first, added = complete("POSTGRES_PASSWORD=mine\n# a remark\nOTHER=1")
    second, added_again = complete(first)

    assert added == [name for name in SECRETS if name != "POSTGRES_PASSWORD"]
    assert first.startswith("POSTGRES_PASSWORD=mine\n# a remark\nOTHER=1\n")
    assert (second, added_again) == (first, [])
    path = tmp_path / ".env"
    write_private(path, first)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_generated_file_is_ignored_by_git_and_by_image_builds():
    for name in (".gitignore", ".dockerignore"):
        assert {".env", "/.env"} & set((REPOSITORY / name).read_text().splitlines()), name


def compose_command() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        if subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    return None


def test_compose_itself_accepts_both_files(tmp_path):
    command = compose_command()
    if command is None:
        pytest.skip("no docker compose on this machine")
    secrets = tmp_path / "env"
    secrets.write_text(complete("")[0])

    subprocess.run(
        [*command, "--env-file", secrets, "-f", PLAIN, "-f", OVERRIDE, "config", "--quiet"],
        check=True,
        cwd=REPOSITORY,
    )
