import pytest

from stack.errors import StackError
from stack.settings import Ports, load_ports, variable


def test_defaults_without_a_file_or_variables(tmp_path):
    assert load_ports(tmp_path / "settings.toml", {}) == Ports()


def test_a_variable_wins_over_the_file(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("[ports]\nmlflow = 5001\nairflow = 8081\n")
    ports = load_ports(file, {"TWOLANE_PORT_AIRFLOW": "9090", "HOME": "/"})
    assert (ports.airflow, ports.mlflow, ports.postgres) == (9090, 5001, Ports().postgres)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"TWOLANE_PORT_AIRFLO": "1"}, "unknown port setting"),
        ({"TWOLANE_PORT_AIRFLOW": "http"}, "no whole number"),
        ({"TWOLANE_PORT_AIRFLOW": "70000"}, "TWOLANE_PORT_AIRFLOW=70000"),
        ({"TWOLANE_PORT_AIRFLOW": "5000"}, "are both 5000"),
    ],
)
def test_a_bad_value_names_its_variable(tmp_path, variables, message):
    with pytest.raises(StackError, match=message):
        load_ports(tmp_path / "settings.toml", variables)


@pytest.mark.parametrize("text", ["[ports", "[hosts]\nairflow = 1\n"])
def test_a_bad_file_is_refused(tmp_path, text):
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(StackError, match=r"settings\.toml"):
        load_ports(file, {})


def test_the_variable_of_a_port():
    assert variable("postgres") == "TWOLANE_PORT_POSTGRES"
