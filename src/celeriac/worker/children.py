"""What an executing process does first and last, and what it runs messages with."""

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from celeriac.app.lookup import find_app
from celeriac.canvas.follow_up import FollowUp
from celeriac.core import signals
from celeriac.execution.executor import Executor
from celeriac.pools.pool import PoolSettings

from . import log

_KINDS = {"threads": "ThreadPoolWorker", "asyncio": "AsyncioPoolWorker"}


class Spawned(msgspec.Struct, frozen=True):
    """What a child that is not forked must be told to become like its siblings."""

    app_name: str
    pool: str
    hostname: str
    level: int
    logfile: str | None
    color: bool
    changes: dict[str, Any]


def settings_for(worker: Any) -> PoolSettings:
    """The pool settings of this worker."""
    options, conf = worker.options, worker.app.conf
    hooks = _hooks(worker.app, worker.hostname, options.pool)
    return msgspec.structs.replace(
        hooks,
        concurrency=worker.concurrency,
        most_children=options.autoscale[0] if options.autoscale else 0,
        max_tasks_per_child=options.max_tasks_per_child or conf["worker_max_tasks_per_child"],
        max_memory_per_child=options.max_memory_per_child or conf["worker_max_memory_per_child"],
        alive_timeout=conf["worker_proc_alive_timeout"],
        start_method=conf["worker_pool_start_method"],
        entry=f"{__name__}:spawned",  # for children that start from a fresh interpreter
        entry_argument=_spawn_argument(worker),
    )


def _hooks(app: Any, hostname: str, pool: str, spawned: bool = False) -> PoolSettings:
    def make_runner() -> Executor:
        return Executor(app, hostname, follow=FollowUp(app))

    return PoolSettings(
        concurrency=1,
        make_runner=make_runner,
        on_child_start=_starter(app, hostname, pool, _kind(pool, spawned)),
        before_child=_announce_fork,
        on_child_exit=_goodbye(hostname),
    )


def _kind(pool: str, spawned: bool) -> str:
    """What its processes are called: as in Celery where Celery has them."""
    if pool in ("prefork", "processes"):
        return "SpawnPoolWorker" if spawned else "ForkPoolWorker"
    return _KINDS.get(pool, "PoolWorker")


def _starter(app: Any, hostname: str, pool: str, kind: str) -> Callable[[int], None]:
    def on_start(index: int) -> None:
        if pool != "solo":
            log.in_child(index, kind)
        app.loader.init_worker_process()
        signals.worker_process_init.send(sender=hostname)

    return on_start


def _announce_fork() -> None:
    signals.worker_before_create_process.send(sender=None)


def _goodbye(hostname: str) -> Callable[[int, int], None]:
    def say(pid: int, code: int) -> None:
        signals.worker_process_shutdown.send(sender=hostname, pid=pid, exitcode=code)

    return say


def _spawn_argument(worker: Any) -> str:
    options = worker.options
    level = logging.getLogger().level
    changes = {name: value for name, value in worker.app.conf.changes.items() if _is_plain(value)}
    told = Spawned(options.app_name, options.pool, worker.hostname, level, options.logfile, options.color, changes)
    return msgspec.json.encode(told).decode()


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def spawned(argument: str) -> PoolSettings:
    """In a child that starts as a fresh interpreter: load the app and log as the parent does."""
    told = msgspec.json.decode(argument, type=Spawned)
    app = find_app(told.app_name)
    app.conf.update(told.changes)
    if log.setup(app.conf, log.LogOptions(told.level, told.logfile, told.hostname, told.color)):
        log.redirect_stdouts(app.conf)
    app.loader.init_worker()
    app.finalize()
    return _hooks(app, told.hostname, told.pool, spawned=True)
