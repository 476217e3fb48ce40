"""One stack as its commands see it: paths, ports, records, components."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from stack import catalog, dotenv
from stack.component import Component, Runner
from stack.environment import render_environment
from stack.errors import NotRunning, StackError
from stack.passwords import Passwords, load_or_generate
from stack.paths import STATE_VARIABLE, Paths
from stack.processes import OURSELVES, Processes
from stack.restarts import BUDGET_VARIABLE, policy_from
from stack.settings import Ports, load_ports, port_variables
from stack.watcher import NAME, Watcher

#: What children inherit of our own environment; all the rest comes from the stack's.
_INHERITED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """What the commands of `python -m stack` work on.

    Attributes:
        environment: what every process of the stack is given.
        has_new_passwords: they were generated just now and the user has not seen them.
    """

    paths: Paths
    ports: Ports
    passwords: Passwords
    has_new_passwords: bool
    processes: Processes
    components: dict[str, Component]
    environment: dict[str, str]

    @property
    def runner(self) -> Runner:
        """Starts and stops the components."""
        return Runner(self.paths, self.processes, self.environment, inherited())

    def watcher(self) -> Watcher:
        """Return who starts again what dies."""
        return Watcher(
            self.components,
            catalog.NEEDS,
            self.runner,
            self.processes,
            self.paths.restarts,
            policy_from(os.environ),
        )

    def start_watcher(self) -> None:
        """Start it as a process of its own, with the environment the components are given."""
        self.processes.spawn(
            NAME,
            (str(self.paths.python()), "-m", "stack", "watch"),
            self.environment
            | {STATE_VARIABLE: str(self.paths.state)}
            | port_variables(self.ports)
            | {name: os.environ[name] for name in (BUDGET_VARIABLE,) if name in os.environ},
            self.paths.log(NAME),
            self.paths.root,
            OURSELVES,
        )

    def running(self) -> list[str]:
        """Return the names of the components that run."""
        return [name for name in self.components if self.processes.running(name)]

    def check_alive(self) -> None:
        """Raise `ComponentDied`, naming it, if a component does not run."""
        for component in self.components.values():
            self.runner.check_alive(component)


def open_session(paths: Paths) -> Session:
    """Read settings and passwords; generate what a first start lacks.

    While any component runs, the ports are those it was started with.

    Raises:
        StackError: the settings are wrong, or ask for other ports than those in use.
    """
    processes = Processes(paths.run, str(paths.state))
    ports = _effective_ports(paths, processes)
    passwords, is_new = load_or_generate(paths.passwords_file)
    rendered = _rendered(paths, ports, passwords)
    return Session(
        paths=paths,
        ports=ports,
        passwords=passwords,
        has_new_passwords=is_new,
        processes=processes,
        components=catalog.build(paths, ports, passwords, processes),
        environment=inherited() | rendered,
    )


def _rendered(paths: Paths, ports: Ports, passwords: Passwords) -> dict[str, str]:
    """Return the stack's variables, over settings of the product from our own environment."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("TWOLANE_") and not name.startswith("TWOLANE_PORT_")
    }
    return own | render_environment(paths, ports, passwords)


def inherited() -> dict[str, str]:
    """Return what every child gets of our own environment."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _effective_ports(paths: Paths, processes: Processes) -> Ports:
    wanted = load_ports(paths.settings_file)
    record = paths.run / "ports.json"
    if not record.exists() or not any(processes.running(name) for name in catalog.NAMES):
        return wanted
    used = Ports(**json.loads(record.read_text()))
    asked = any(name.startswith("TWOLANE_PORT_") for name in os.environ)
    if asked and used != wanted:
        raise StackError(f"the stack runs on other ports ({used}); first: make down")
    return used


def remember(session: Session) -> None:
    """Write down the ports in use and the environment for everyone else."""
    session.paths.run.mkdir(parents=True, exist_ok=True)
    (session.paths.run / "ports.json").write_text(json.dumps(asdict(session.ports)))
    names = _rendered(session.paths, session.ports, session.passwords)
    dotenv.write(session.paths.env_file, names)


def running_environment(paths: Paths) -> dict[str, str]:
    """Return the variables of the stack that was started last.

    Raises:
        NotRunning: there has been none.
    """
    variables = dotenv.read(paths.env_file)
    if not variables:
        raise NotRunning("the stack has not been started yet; first: make up")
    return variables


@contextmanager
def exclusive(paths: Paths) -> Iterator[None]:
    """Let one `up` or `down` work at a time.

    Raises:
        StackError: another one is at work.
    """
    paths.run.mkdir(parents=True, exist_ok=True)
    with (paths.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError("another up or down of this stack is at work; wait for it") from error
        yield
