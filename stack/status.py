"""`make status`: what runs, since when, how large, and on which addresses it listens."""

import time

import psutil
from rich.console import Console
from rich.table import Table

from stack import watcher
from stack.component import obituary
from stack.processes import family
from stack.session import Session
from stack.settings import HOST
from stack.watcher import Restarts, read_restarts


def status(session: Session, console: Console) -> bool:
    """Print a table of the components; return whether all of them run and answer on loopback."""
    table = Table(box=None, pad_edge=False)
    for heading in (
        "component",
        "state",
        "pid",
        "since",
        "memory",
        "processes",
        "restarts",
        "listens on",
    ):
        table.add_column(heading)
    is_well = True
    messages = []
    restarts = read_restarts(session.paths.restarts)
    for name, component in session.components.items():
        process = session.processes.running(name)
        known = restarts.get(name, Restarts())
        count = f"{known.restarts}{', gave up' if known.has_given_up else ''}"
        if process is None:
            is_well = False
            died = session.processes.find(name) is not None
            blank = ("",) * 4
            table.add_row(name, "[red]died[/]" if died else "stopped", *blank, count)
            if died:
                messages.append(obituary(name, session.paths.log(name)))
            continue
        members = family(process)
        addresses = listening(members)
        foreign = [a for a in addresses if not a.startswith(f"{HOST}:")]
        is_answering = component.is_ready()
        is_well = is_well and is_answering and not foreign
        if foreign:
            messages.append(f"{name} listens beyond loopback: {', '.join(foreign)}")
        table.add_row(
            name,
            "[green]ready[/]" if is_answering else "[yellow]not answering[/]",
            str(process.pid),
            _duration(time.time() - process.create_time()),
            f"{_memory_mb(members):,.0f} MB",
            str(len(members)),
            count,
            ", ".join(addresses),
        )
    console.print(table)
    if restarts or session.running():
        is_watched = session.processes.running(watcher.NAME) is not None
        is_well = is_well and is_watched
        if not is_watched:
            messages.append(
                "nobody restarts what dies: the watcher does not run; make up starts it"
            )
    for message in messages:
        console.print(message, style="red", markup=False, highlight=False)
    return is_well


def listening(members: list[psutil.Process]) -> list[str]:
    """Return the TCP addresses on which any of the processes listens."""
    found = set()
    for member in members:
        try:
            connections = member.net_connections(kind="tcp")
        except psutil.Error:
            continue
        found |= {
            f"{connection.laddr.ip}:{connection.laddr.port}"
            for connection in connections
            if connection.status == psutil.CONN_LISTEN
        }
    return sorted(found)


def _memory_mb(members: list[psutil.Process]) -> float:
    total = 0
    for member in members:
        try:
            memory = member.memory_full_info()
            # Forked workers share most of their pages: each counts its fair part of them.
            total += getattr(memory, "pss", memory.rss)
        except psutil.Error:
            continue
    return total / 2**20


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
