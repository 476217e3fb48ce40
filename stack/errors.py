"""What can go wrong while the stack is driven; each message says what to do next."""


class StackError(Exception):
    """A failure the user can act on; printed without a traceback."""


class PortTaken(StackError):
    """A port that a component needs is held by a process that is not ours."""


class ComponentDied(StackError):
    """A component ended by itself; the message carries the last lines of its log."""


class StepFailed(StackError):
    """A command of the start-up ended with an error; the message carries its last lines."""


class NotRunning(StackError):
    """A command that needs the stack was given while it is down."""
