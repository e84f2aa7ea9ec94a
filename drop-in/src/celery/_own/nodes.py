"""celery.utils.nodenames: names of nodes."""

import os
import socket
import threading
from functools import cache
from typing import Any

from celeriac.contrib.kombu import Queue
from celeriac.contrib.kombu.entities import Exchange

from .texts import simple_format

WORKER_DIRECT_EXCHANGE = Exchange("C.dq2")
WORKER_DIRECT_QUEUE_FORMAT = "{hostname}.dq2"
NODENAME_DEFAULT = "celery"


@cache
def gethostname() -> str:
    """The machine's name."""
    return socket.gethostname()


def worker_direct(hostname: Any) -> Any:
    """The queue of one worker alone."""
    if not isinstance(hostname, str):
        return hostname
    return Queue(WORKER_DIRECT_QUEUE_FORMAT.format(hostname=hostname), WORKER_DIRECT_EXCHANGE, hostname)


def nodename(name: str, hostname: str) -> str:
    """name@host."""
    return f"{name}@{hostname}"


def nodesplit(name: str) -> tuple[str | None, str]:
    """(name, host); a name alone is the host."""
    before, at, after = name.partition("@")
    return (before, after) if at else (None, before)


def default_nodename(hostname: str | None) -> str:
    """celery@host, as far as nothing else is said."""
    name, host = nodesplit(hostname or "")
    return nodename(name or NODENAME_DEFAULT, host or gethostname())


def anon_nodename(hostname: str | None = None, prefix: str = "gen") -> str:
    """A name for a program that is no node."""
    return nodename(f"{prefix}{os.getpid()}", hostname or gethostname())


def node_format(s: str, name: str, **extra: Any) -> str:
    """A text with %n, %h, %d, %p filled in for this node."""
    shortname, host = nodesplit(name)
    return host_format(s, host, shortname or NODENAME_DEFAULT, p=name, **extra)


def host_format(s: str, host: str | None = None, name: str | None = None, **extra: Any) -> str:
    """A text with %h, %n, %d, %i filled in."""
    host = host or gethostname()
    hname, _, domain = host.partition(".")
    number = threading.current_thread().name.rpartition("-")[2]
    keys = {"h": host, "n": name or hname, "d": domain, "i": lambda: number if number.isdigit() else "0", **extra}
    keys.setdefault("I", keys["i"])
    return simple_format(s, keys)
