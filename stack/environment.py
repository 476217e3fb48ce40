"""The environment of every process of the stack, rendered from ports, passwords and paths."""

import json
from urllib.parse import quote

from stack.passwords import Passwords
from stack.paths import Paths
from stack.settings import HOST, Ports

REGION = "us-east-1"
ADMIN = "admin"


def database_url(
    role: str, password: str, port: int, database: str, scheme: str = "postgresql"
) -> str:
    """Return a libpq or SQLAlchemy URL of one database on the stack's server."""
    return f"{scheme}://{role}:{quote(password, safe='')}@{HOST}:{port}/{database}"


def render_environment(paths: Paths, ports: Ports, passwords: Passwords) -> dict[str, str]:
    """Return the variables of `.twolane/env`: everything a process of ours needs."""
    return (
        _python(paths)
        | _aws(ports)
        | _mlflow(ports)
        | _airflow(paths, ports, passwords)
        | _product(paths, ports, passwords)
    )


def _python(paths: Paths) -> dict[str, str]:
    return {
        "PYTHONPATH": f"{paths.root}:{paths.root / 'plugins'}",
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "False",
        "SAGEMAKER_TELEMETRY_OPT_OUT": "true",
    }


def _aws(ports: Ports) -> dict[str, str]:
    sagemaker = f"http://{HOST}:{ports.sagemaker}"
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{ports.aws}",
        "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": sagemaker,
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": sagemaker,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        # The emulator checks no signature, and botocore must find something to sign with.
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def _mlflow(ports: Ports) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": f"http://{HOST}:{ports.mlflow}",
        "MLFLOW_REGISTRY_URI": f"http://{HOST}:{ports.mlflow}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }


def _airflow(paths: Paths, ports: Ports, passwords: Passwords) -> dict[str, str]:
    metadata = database_url(
        "airflow", passwords.database_airflow, ports.postgres, "airflow", "postgresql+psycopg"
    )
    address = f"http://{HOST}:{ports.airflow}"
    settings = {
        "CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(paths.airflow_home / "logins.json"),
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__DAGS_FOLDER": str(paths.root / "dags"),
        "CORE__PLUGINS_FOLDER": str(paths.root / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__FERNET_KEY": passwords.fernet_key,
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        # One forked worker a slot: below 8 a finished task holds its slot too long, above it
        # memory grows for nothing on a laptop.
        "CORE__PARALLELISM": "8",
        "CORE__MAX_ACTIVE_TASKS_PER_DAG": "8",
        "DATABASE__SQL_ALCHEMY_CONN": metadata,
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
        "API__HOST": HOST,
        "API__PORT": str(ports.airflow),
        "API__BASE_URL": address,
        "API__WORKERS": "1",
        "API__SECRET_KEY": passwords.api_secret,
        "API_AUTH__JWT_SECRET": passwords.jwt_secret,
        # Every hop of a batch waits for it. Costs 13 % of a core idle; 0.25 s would cost 5 %.
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # How soon a death is noticed. Defaults are 5 minutes for a worker's and for a scheduler's.
        # A worker beats every second; 20 s is what a laptop may stall, or the API server and
        # PostgreSQL take to come back, without running tasks being taken for dead.
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        # A scheduler beats every 5 s; a new one takes over the tasks of one silent this long,
        # and it looks for them this often.
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        # A queued task whose worker died before it began. Default: 10 min, looked at every 2 min.
        "SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
        "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "15",
        # Triggers of a triggerer that died go to the next one after this long without its beat.
        "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        # Tries of a call to the API server, 1 to 10 s apart: together longer than its restart.
        # A task whose worker cannot reach it for longer is ended after as many failed beats.
        "WORKERS__EXECUTION_API_RETRIES": "8",
        "WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "10",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "2",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        # A file that has changed is parsed at once; the others need not be, every 30 s.
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "DAG_PROCESSOR__PRINT_STATS_INTERVAL": "0",
        "LOGGING__BASE_LOG_FOLDER": str(paths.airflow_home / "logs"),
        "LOGGING__COLORED_CONSOLE_LOG": "False",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    variables = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    variables["AIRFLOW_HOME"] = str(paths.airflow_home)
    variables["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps({"conn_type": "aws"})
    return variables


def _product(paths: Paths, ports: Ports, passwords: Passwords) -> dict[str, str]:
    return {
        "TWOLANE_DATABASE_URL": database_url(
            "twolane", passwords.database_twolane, ports.postgres, "twolane"
        ),
        "TWOLANE_LANES_FILE": str(paths.root / "include" / "lanes" / "local.toml"),
        "TWOLANE_MLFLOW_TRACKING_URI": f"http://{HOST}:{ports.mlflow}",
        "TWOLANE_IS_EMULATED": "true",
        # What holds a GPU here lives for a minute or two.
        "TWOLANE_GPU_WATCH_S": "20",
    }
