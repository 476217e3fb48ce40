"""MLflow's tracking server and registry, on PostgreSQL, its artifacts in S3."""

from stack.component import Component
from stack.environment import database_url
from stack.health import answers
from stack.passwords import Passwords
from stack.paths import Paths
from stack.settings import HOST, Ports

ARTIFACTS = "s3://twolane-mlflow"


def component(paths: Paths, ports: Ports, passwords: Passwords) -> Component:
    """Describe the server.

    Clients read and write artifacts in S3 themselves, as they would with credentials of their
    own on AWS; the server handles metadata and shows artifacts in its pages.
    """
    return Component(
        name="mlflow",
        command=(
            *(str(paths.venv("airflow") / "bin" / "mlflow"), "server"),
            *("--host", HOST, "--port", str(ports.mlflow), "--workers", "1"),
            *("--no-serve-artifacts", "--default-artifact-root", ARTIFACTS),
            *("--allowed-hosts", f"{HOST}:{ports.mlflow},localhost:{ports.mlflow}"),
        ),
        is_ready=lambda: answers(f"http://{HOST}:{ports.mlflow}/health"),
        port=ports.mlflow,
        environment={
            # By variable and not by argument: arguments are for every user of the machine to see.
            "MLFLOW_BACKEND_STORE_URI": database_url(
                "mlflow",
                passwords.database_mlflow,
                ports.postgres,
                "mlflow",
                "postgresql+psycopg",
            ),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_TRACKING_URI": None,
            "MLFLOW_REGISTRY_URI": None,
        },
    )
