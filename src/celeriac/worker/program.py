"""Worker: a whole worker started from code: `app.Worker(concurrency=4, loglevel="INFO").start()`."""

import asyncio
import importlib
import os
import sys
import threading
from typing import Any, Final

from celeriac.core import signals
from celeriac.core.errors import ImproperlyConfigured
from celeriac.current import get_current_app

from . import banner, log
from .autoscale import bounds
from .nodenames import node_name
from .options import WorkerOptions
from .selection import select_queues
from .worker import WorkController

# Arguments that are settings, as the command line's options are.
_SETTINGS: Final = {
    "prefetch_multiplier": "worker_prefetch_multiplier",
    "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
    "max_tasks_per_child": "worker_max_tasks_per_child",
    "max_memory_per_child": "worker_max_memory_per_child",
    "include": "include",
    "statedb": "worker_state_db",
}
# Accepted from Celery programs; without meaning here, or said by a setting. (The consumer's steps read the others.)
_IGNORED: Final = (
    *("optimization", "no_color"),
    *("redirect_stdouts", "redirect_stdouts_level", "ready_callback", "use_eventloop", "pool_putlocks"),
    *("pool_restarts", "pidfile", "detach", "uid", "gid", "umask"),
)
_OWN: Final = (
    *("pool", "pool_cls", "concurrency", "queues", "exclude_queues", "loglevel", "logfile", "purge", "quiet", "beat"),
    *("schedule", "schedule_filename", "scheduler", "scheduler_cls", "autoscale", "task_events", "send_task_events"),
    "handle_signals",
)
_TAKEN: Final = frozenset((*_IGNORED, *_OWN, *_SETTINGS))


class Worker(WorkController):
    """The arguments are named as the options of `celeriac worker`; others go to the app's own steps."""

    def __init__(self, app: Any = None, hostname: str | None = None, **given: Any) -> None:
        app = app or get_current_app()
        self.quiet = bool(given.get("quiet"))
        changes = {setting: given[name] for name, setting in _SETTINGS.items() if given.get(name) not in (None, False)}
        if changes:
            app.conf.update(changes)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = threading.Event()
        super().__init__(app, _options(app, node_name(hostname, app.product), given))

    def prepare(self) -> None:
        """Tasks imported, queues chosen, logging set up, and all that must come before the event loop."""
        app, options = self.app, self.options
        app.loader.init_worker()
        app.finalize()
        signals.celeryd_init.send(sender=self.hostname, instance=self, conf=app.conf, options=options.extra)
        self.announce()
        select_queues(app, self.hostname, options.queues, options.exclude_queues)
        self.set_up_logging()
        signals.celeryd_after_setup.send(sender=self.hostname, instance=self, conf=app.conf)
        if not self.quiet:
            print(banner.text(self))  # noqa: T201 - the banner is for the terminal
        if options.purge:
            app.purge_queues()
        super().prepare()

    def set_up_logging(self) -> None:
        """As the command does."""
        options = self.options
        level = options.loglevel if isinstance(options.loglevel, int) else log.level_of(options.loglevel)
        log.setup(self.app.conf, log.LogOptions(level, options.logfile, self.hostname, options.color))

    async def run(self) -> None:
        """In the event loop, until the end."""
        self._loop = asyncio.get_running_loop()
        try:
            await super().run()
        finally:
            self._over.set()

    def reload(self, modules: Any = None, reload: bool = False, reloader: Any = None) -> None:
        """Import these modules' tasks (children that are there already do not have them); with `reload`, once more."""
        for name in modules or ():
            known = sys.modules.get(name)
            if known is not None and reload:
                (reloader or importlib.reload)(known)
            else:
                self.app.loader.import_task_module(name)

    def stop_soon(self, cold: bool = False) -> None:
        """`stop`, or `terminate`, from any thread."""
        if self._loop is None or self._over.is_set():
            return
        try:
            self._loop.call_soon_threadsafe(self.terminate if cold else self.stop)
        except RuntimeError:
            if not self._over.is_set():  # else the loop has been closed at this moment
                raise


def _options(app: Any, hostname: str, given: dict[str, Any]) -> WorkerOptions:
    conf = app.conf
    pool = given.get("pool") or given.get("pool_cls") or conf["worker_pool"]
    if not isinstance(pool, str):
        pool = f"{pool.__module__}:{pool.__qualname__}"
    scale = given.get("autoscale")
    if isinstance(scale, str):
        scale = bounds(scale, pool)
    concurrency = scale[0] if scale else given.get("concurrency") or conf["worker_concurrency"] or _processors()
    if not str(concurrency).isdigit():
        raise ImproperlyConfigured(f"concurrency={concurrency!r} must be a number of at least 1")
    in_main_thread = threading.current_thread() is threading.main_thread()
    return WorkerOptions(
        hostname=hostname,
        concurrency=int(concurrency),
        autoscale=scale,
        pool=pool,
        queues=_names(given.get("queues")),
        exclude_queues=_names(given.get("exclude_queues")),
        purge=bool(given.get("purge")),
        handle_signals=given.get("handle_signals", in_main_thread),
        task_events=bool(given.get("task_events") or given.get("send_task_events") or conf["worker_send_task_events"]),
        logfile=given.get("logfile"),
        loglevel=given.get("loglevel") or "WARNING",
        beat=bool(given.get("beat")),
        schedule_filename=given.get("schedule_filename") or given.get("schedule"),
        scheduler=given.get("scheduler") or given.get("scheduler_cls"),
        extra={name: value for name, value in given.items() if name not in _TAKEN},
    )


def _names(queues: Any) -> tuple[str, ...]:
    if isinstance(queues, str):
        return tuple(name.strip() for name in queues.split(",") if name.strip())
    return tuple(queues or ())


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
