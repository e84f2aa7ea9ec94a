"""Questions about the worker: is it there, what is it, what does it know."""

import os
import resource
from typing import Any
from urllib.parse import unquote, urlsplit

from celeriac.app.transports import as_urls
from celeriac.settings.censor import censored

from .panel import inspect_command, ok

_MOST_TOLD = 10_000  # ids: a fleet that starts asks every worker at once
_USAGE = (
    *("utime", "stime", "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap"),
    *("inblock", "oublock", "msgsnd", "msgrcv", "nsignals", "nvcsw", "nivcsw"),
)


@inspect_command(default_timeout=0.2)
def ping(state: Any, **kwargs: Any) -> dict[str, Any]:
    """Ping worker(s)."""
    return ok("pong")


@inspect_command()
def clock(state: Any, **kwargs: Any) -> dict[str, Any]:
    """Get current logical clock value."""
    return {"clock": state.app.clock.value}


@inspect_command()
def report(state: Any) -> dict[str, Any]:
    """Information about the installation for bug reports."""
    return ok(state.app.bugreport())


@inspect_command(
    alias="dump_conf",
    args=[("with_defaults", lambda text: text.lower() in ("1", "true", "yes", "on"))],
    signature="[include_defaults=False]",
)
def conf(state: Any, with_defaults: bool = False, **kwargs: Any) -> dict[str, Any]:
    """List configuration."""
    settings = state.app.conf
    names = list(settings) if with_defaults else list(settings.changes)
    return {name: censored(name, settings[name]) for name in names if name in settings}


@inspect_command(visible=False)
def hello(state: Any, from_node: str, revoked: Any = None, **kwargs: Any) -> dict[str, Any] | None:
    """Another worker starts: tell it what is revoked, and learn what it knows."""
    if from_node == state.hostname:
        return None
    known = state.consumer.revoker
    if revoked:
        known.hear_of(revoked)
    return {"revoked": known.revoked.ids()[-_MOST_TOLD:], "clock": state.app.clock.forward()}


@inspect_command()
def stats(state: Any, **kwargs: Any) -> dict[str, Any]:
    """Request worker statistics/information."""
    consumer = state.consumer
    worker = consumer.worker
    info: dict[str, Any] = {} if worker is None else worker.blueprint.info(worker)
    info |= {} if worker is None else consumer.blueprint.info(consumer)
    return {
        "total": dict(consumer.hands.totals),
        "pid": os.getpid(),
        "clock": str(state.app.clock),
        "uptime": 0 if worker is None else round(worker.clock.now() - worker.started_at),
        **info,
        "pool": _pool(consumer),
        "broker": _broker(state.app),
        "prefetch_count": consumer.window.size,
        "rusage": {name: getattr(usage(), f"ru_{name}") for name in _USAGE},
    }


def usage() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_SELF)


def _pool(consumer: Any) -> dict[str, Any]:
    """Celery's keys; one line feeds all processes here, so there is nothing to tell of each one's."""
    pool, hands = consumer.pool, consumer.hands
    busy = sum(1 for _ in pool.running())
    return {
        **pool.describe(),
        "put-guarded-by-semaphore": False,
        "timeouts": [consumer.conf["task_soft_time_limit"] or 0, consumer.conf["task_time_limit"] or 0],
        "writes": {
            "total": hands.done,
            "avg": "",
            "all": "",
            "raw": "",
            "strategy": "shared",
            "inqueues": {"total": pool.slots, "active": busy},
        },
    }


def _broker(app: Any) -> dict[str, Any]:
    conf = app.conf
    first, *others = as_urls(app.transports.read_url)
    parts = urlsplit(first)
    try:
        port = parts.port
    except ValueError:  # several servers in one URL
        port = None
    return {
        "hostname": parts.hostname,
        "userid": unquote(parts.username) if parts.username else None,
        "virtual_host": unquote(parts.path.lstrip("/")) or "/",
        "port": port,
        "insist": False,
        "ssl": bool(conf["broker_use_ssl"]),
        "transport": parts.scheme,
        "connect_timeout": conf["broker_connection_timeout"],
        "transport_options": censored("", dict(conf["broker_transport_options"] or {})),
        "login_method": conf["broker_login_method"],
        "uri_prefix": None,
        "heartbeat": conf["broker_heartbeat"],
        "failover_strategy": conf["broker_failover_strategy"],
        "alternates": [censored("", url) for url in others],
        "credential_provider": None,
    }
