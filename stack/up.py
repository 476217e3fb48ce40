"""`make up`: starts what does not run yet, and returns when everything answers."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from rich.console import Console

from stack.commands import module_exists, run_command
from stack.component import Component
from stack.components import airflow, postgres
from stack.display import StartDisplay
from stack.down import stop_everything, stop_watcher
from stack.environment import ADMIN
from stack.errors import StepFailed
from stack.graph import Cancelled, Step, run_steps
from stack.older_state import with_next_step
from stack.paths import Paths
from stack.ports import check_ports
from stack.processes import kill_all
from stack.session import Session, exclusive, remember
from stack.settings import HOST

#: Product commands of a start: name, module and arguments, title, what they wait for.
_PRODUCT_STEPS = (
    ("migrate", "include.cli.migrate", "product database migrated", ("databases",)),
    (
        "provision",
        "include.cli.provision --demo-accounts",
        "buckets, tables, accounts",
        ("aws", "migrate"),
    ),
    (
        "release",
        "include.cli.release",
        "champion model trained, registered, deployed",
        ("provision", "sagemaker", "mlflow"),
    ),
)


def up(session: Session, console: Console) -> bool:
    """Start the stack; return whether anything had to be started.

    Components that were started are stopped again when the start fails or is interrupted, but
    those that ran before are left alone.

    Raises:
        StackError: a port is taken, a component died, a step failed.
    """
    with exclusive(session.paths):
        ran_before = set(session.running())
        was_watched = stop_watcher(session)
        if not ran_before:
            kill_all(session.processes.strays())
        check_ports(session.components, session.processes)
        remember(session)
        airflow.write_home(session.paths, session.passwords)
        steps = build_steps(session)
        try:
            with StartDisplay(console, steps) as display:
                run_steps(steps, display.listen)
            session.check_alive()
        except BaseException:
            console.print("stopping what was started", style="yellow")
            stop_everything(session, keep=ran_before)
            if was_watched:
                session.start_watcher()
            raise
        session.paths.restarts.unlink(missing_ok=True)
        session.start_watcher()
    announce(session, console)
    return len(ran_before) < len(session.components)


def build_steps(session: Session) -> list[Step]:
    """Return the start as a graph of steps."""
    wait_for = {
        "postgres": (),
        "aws": (),
        "sagemaker": ("aws",),
        "mlflow": ("databases",),
        airflow.API_SERVER: ("airflow-schema",),
        **dict.fromkeys(airflow.HEARTBEATS, ("airflow-schema",)),
    }
    steps = [
        Step(name, name, wait_for[name], _start(session, component))
        for name, component in session.components.items()
    ]
    steps += [
        Step("databases", "databases and roles", ("postgres",), _create_databases(session)),
        Step(
            "airflow-schema",
            "airflow's tables and pools",
            ("databases",),
            _migrate_airflow(session),
        ),
    ]
    names = {step.name for step in steps}
    for name, command, title, needs in _PRODUCT_STEPS:
        module, *arguments = command.split()
        if module_exists(module):
            action = _run_module(session, name, module, arguments)
            known = tuple(need for need in needs if need in names)
            steps.append(Step(name, title, known, action, session.paths.log(name)))
            names.add(name)
    return steps


def _start(session: Session, component: Component) -> Callable[[Cancelled], str]:
    def action(cancelled: Cancelled) -> str:
        started = session.runner.spawn(component)
        session.runner.wait_ready(component, cancelled)
        return "" if started else "ran already"

    return action


def _create_databases(session: Session) -> Callable[[Cancelled], str]:
    def action(_: Cancelled) -> str:
        postgres.create_databases(session.ports, session.passwords)
        return ""

    return action


def _migrate_airflow(session: Session) -> Callable[[Cancelled], str]:
    # The stamp lies beside the data it speaks of: thrown away together.
    stamp = session.paths.postgres / "airflow-schema"
    pools = session.paths.root / "include" / "pools.json"
    wanted = f"{version('apache-airflow')}\n{pools.read_text()}"

    def action(cancelled: Cancelled) -> str:
        if stamp.exists() and stamp.read_text() == wanted:
            return "up to date"
        airflow = str(session.paths.venv("airflow") / "bin" / "airflow")
        for arguments in (["db", "migrate"], ["pools", "import", str(pools)]):
            command = [airflow, *arguments]
            run_command(session.paths, "airflow-schema", command, session.environment, cancelled)
        stamp.write_text(wanted)
        return ""

    return action


def _run_module(
    session: Session, name: str, module: str, arguments: list[str]
) -> Callable[[Cancelled], str]:
    def action(cancelled: Cancelled) -> str:
        command = [str(session.paths.python()), "-m", module, *arguments]
        run_product_command(session.paths, name, command, session.environment, cancelled)
        return ""

    return action


def run_product_command(
    paths: Paths,
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    cancelled: Cancelled,
) -> None:
    """Run a command of the product on the state folder.

    Raises:
        StepFailed: with what to do where the folder is of an older version.
    """
    try:
        run_command(paths, name, command, environment, cancelled)
    except StepFailed as exc:
        raise StepFailed(with_next_step(str(exc), paths.state)) from exc


def announce(session: Session, console: Console) -> None:
    """Print the addresses, and the passwords if they are new."""
    ports = session.ports
    console.print(f"Airflow  http://{HOST}:{ports.airflow}   login {ADMIN}", highlight=False)
    console.print(f"MLflow   http://{HOST}:{ports.mlflow}", highlight=False)
    if session.has_new_passwords:
        console.print(
            "Generated for this machine and printed this once (kept in "
            f"{session.paths.passwords_file}, mode 0600):",
            highlight=False,
            soft_wrap=True,
        )
        lines = {
            f"Airflow {ADMIN}": session.passwords.airflow_admin,
            "PostgreSQL twolane": session.passwords.database_twolane,
        }
        for name, value in lines.items():
            console.print(f"  {name}: {value}", highlight=False, markup=False, soft_wrap=True)
