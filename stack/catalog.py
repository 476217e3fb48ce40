"""Every component of the stack, in the order of their start."""

from stack.component import Component
from stack.components import airflow, aws, mlflow, postgres
from stack.passwords import Passwords
from stack.paths import Paths
from stack.processes import Processes
from stack.settings import Ports

#: The servers that each server needs while it starts.
NEEDS: dict[str, tuple[str, ...]] = {
    "postgres": (),
    "aws": (),
    "sagemaker": ("aws",),
    "mlflow": ("postgres",),
    airflow.API_SERVER: ("postgres",),
    **dict.fromkeys(airflow.HEARTBEATS, ("postgres", airflow.API_SERVER)),
}

NAMES = ("postgres", "aws", "sagemaker", "mlflow", airflow.API_SERVER, *airflow.HEARTBEATS)


def build(
    paths: Paths, ports: Ports, passwords: Passwords, processes: Processes
) -> dict[str, Component]:
    """Return the components by name; stopping goes in the reverse order."""
    every = [
        postgres.component(paths, ports, passwords),
        aws.ministack(paths, ports),
        aws.sagemaker(paths, ports),
        mlflow.component(paths, ports, passwords),
        *airflow.components(paths, ports, processes),
    ]
    return {component.name: component for component in every}
