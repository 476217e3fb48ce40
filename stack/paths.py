"""Where everything lies: one ignored folder below the repository's root."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Moves the mutable state (not the virtual environments) elsewhere, for a second stack.
STATE_VARIABLE = "STACK_STATE_DIR"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders and files of one stack.

    Attributes:
        root: the repository's root.
        state: everything that changes: data, logs, passwords, process records.
    """

    root: Path
    state: Path

    @classmethod
    def default(cls) -> "Paths":
        """The repository's own stack, its state moved by `STACK_STATE_DIR` where that is set."""
        return cls(root=ROOT, state=Path(os.environ.get(STATE_VARIABLE) or ROOT / ".twolane"))

    @property
    def env_file(self) -> Path:
        """Dotenv file of the running stack, mode 0600."""
        return self.state / "env"

    @property
    def settings_file(self) -> Path:
        """The user's own settings, optional."""
        return self.state / "settings.toml"

    @property
    def passwords_file(self) -> Path:
        """Generated secrets, mode 0600."""
        return self.state / "passwords.json"

    @property
    def run(self) -> Path:
        """Records of the processes that were started."""
        return self.state / "run"

    @property
    def restarts(self) -> Path:
        """How often the watcher has started what."""
        return self.run / "restarts.json"

    @property
    def logs(self) -> Path:
        """One log file a component or step."""
        return self.state / "logs"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data folder and what belongs to it."""
        return self.state / "postgres"

    @property
    def airflow_home(self) -> Path:
        """AIRFLOW_HOME."""
        return self.state / "airflow"

    @property
    def aws(self) -> Path:
        """State of the embedded AWS."""
        return self.state / "aws"

    def venv(self, name: str) -> Path:
        """Virtual environment `airflow`, `serving` or `training`."""
        return self.root / ".twolane" / "venvs" / name

    def python(self, venv: str = "airflow") -> Path:
        """The interpreter of a virtual environment."""
        return self.venv(venv) / "bin" / "python"

    def log(self, name: str) -> Path:
        """The log file of a component or step."""
        return self.logs / f"{name}.log"
