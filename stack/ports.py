"""Finds out, before anything starts, who holds a port that a component needs."""

import errno
import socket

import psutil

from stack.component import Component
from stack.errors import PortTaken
from stack.processes import Processes
from stack.settings import HOST, variable


def is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def holder(port: int) -> str:
    """Return who listens on a port, as far as the operating system tells us."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        connections = []
    for connection in connections:
        is_listening = connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        if is_listening and connection.pid:
            try:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.Error:
                return f"process {connection.pid}"
    return "another process"


def conflict_message(component: str, port_name: str, port: int, held_by: str) -> str:
    """Return what the user reads of a taken port."""
    return (
        f"port {port}, which {component} needs, is held by {held_by}. "
        f"Stop that one, or choose another port: {variable(port_name)}=<port> make up"
    )


def check_ports(components: dict[str, Component], processes: Processes) -> None:
    """Refuse to start while a port is taken by somebody else.

    Raises:
        PortTaken: names every such port, its holder and the variable that changes it.
    """
    messages = [
        conflict_message(
            component.name, port_setting(component.name), component.port, holder(component.port)
        )
        for component in components.values()
        if component.port and not processes.running(component.name) and not is_free(component.port)
    ]
    if messages:
        raise PortTaken("\n".join(messages))


def port_setting(component: str) -> str:
    """Return the setting's name of a component's port."""
    return component.partition("-")[0]
