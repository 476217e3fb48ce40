import ast
from pathlib import Path

import pytest

from stack.component import Component
from stack.components import aws
from stack.errors import PortTaken
from stack.paths import ROOT, Paths
from stack.ports import check_ports


class _NothingRuns:
    def running(self, name):
        return None


def test_images_map_to_interpreters_and_the_container_program(tmp_path):
    images = aws.images(Paths(root=Path("/src"), state=tmp_path))
    serving = images["000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-serving:1"]
    assert serving == {
        "python": "/src/.twolane/venvs/serving/bin/python",
        "program": "/src/include/models",
    }
    torch = images["000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-torch:1"]
    assert torch["environment"] == {"MODEL_ENGINE": "torch"}
    assert "make install-dev" in torch["hint"]


def test_a_taken_port_is_refused_by_name(monkeypatch):
    monkeypatch.setattr("stack.ports.is_free", lambda port: port != 5433)
    monkeypatch.setattr("stack.ports.holder", lambda port: "process 9 (postgres)")
    components = {
        name: Component(name=name, command=(), is_ready=lambda: True, port=port)
        for name, port in (("postgres", 5433), ("mlflow", 5000))
    }
    with pytest.raises(PortTaken, match="port 5433, which postgres needs, is held by process 9"):
        check_ports(components, _NothingRuns())


def test_only_the_scheduler_is_warmed():
    source = (ROOT / "stack" / "templates" / "airflow_local_settings.py").read_text()
    top_level = [node for node in ast.parse(source).body if isinstance(node, ast.Import)]
    assert [alias.name for node in top_level for alias in node.names] == ["sys"]
