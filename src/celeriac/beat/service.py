"""Service: runs one scheduler until it is told to stop."""

import logging
import socket
import threading
import time
from typing import Any, Final

from celeriac.app.plugins import entry_points, load
from celeriac.app.symbols import symbol
from celeriac.core import signals
from celeriac.core.errors import ImproperlyConfigured
from celeriac.settings import BY_NAME

from .alarm import Alarm
from .persistent import PersistentScheduler
from .pidbox import BeatPidbox
from .places import find_register
from .scheduler import DEFAULT_MAX_INTERVAL
from .shared import SharedScheduler

logger = logging.getLogger("celeriac.beat")

GROUP = "celeriac.beat_schedulers"
_OURS: Final = {"shared": SharedScheduler, "persistent": PersistentScheduler}
# Where Celery's third-party schedulers register theirs; they can be imported where `celery` can.
FOREIGN_GROUP = "celery.beat_schedulers"


def scheduler_class(wanted: Any) -> Any:
    """The class behind a short name ("shared", "persistent", of an entry point), a path, or a class."""
    if not isinstance(wanted, str):
        return wanted
    if wanted.startswith(("celery.beat:", "celery.beat.")):
        wanted = f"celeriac{wanted.removeprefix('celery')}"
    if wanted in _OURS:
        return _OURS[wanted]
    for group in (GROUP, FOREIGN_GROUP):
        if wanted in entry_points(group):
            return load(group, wanted, "beat_scheduler")
    if not any(sign in wanted for sign in ".:"):
        known = ", ".join(sorted({*_OURS, *entry_points(GROUP), *entry_points(FOREIGN_GROUP)}))
        raise ImproperlyConfigured(
            f"beat_scheduler: there is no {wanted!r}; there are {known}, or write package.module:Class"
        )
    try:
        return symbol(wanted)
    except ImportError as exc:
        raise ImproperlyConfigured(f"beat_scheduler: {wanted!r} can't be imported: {exc}") from exc


def _fitting(app: Any, wanted: Any) -> Any:
    """The class that is wanted; where only the default wants the shared one and the broker can't hold it, another."""
    found = scheduler_class(wanted)
    if found is SharedScheduler and wanted == BY_NAME["beat_scheduler"].default and find_register(app) is None:
        logger.warning(
            "beat: %s can't hold schedules: they are kept in a file, and exactly one beat may run (-S persistent).",
            app.transports.write.describe(),
        )
        return PersistentScheduler
    return found


class Service:
    """`start` runs until `stop`."""

    scheduler_cls: Any = PersistentScheduler

    def __init__(
        self,
        app: Any,
        max_interval: float | None = None,
        schedule_filename: str | None = None,
        scheduler_cls: Any = None,
        remote_control: bool | None = None,
        hostname: str | None = None,
    ) -> None:
        self.app = app
        self.scheduler_cls = _fitting(app, scheduler_cls or app.conf.beat_scheduler or self.scheduler_cls)
        wanted = app.conf.beat_max_loop_interval if max_interval is None else max_interval
        self.max_interval = wanted or getattr(self.scheduler_cls, "max_interval", DEFAULT_MAX_INTERVAL)
        self._asked = max_interval
        self.schedule_filename = schedule_filename or app.conf.beat_schedule_filename
        self.remote_control = app.conf.beat_enable_remote_control if remote_control is None else remote_control
        self.hostname = hostname or f"celerybeat@{socket.gethostname()}"
        self.last_tick: float | None = None  # monotonic
        self._is_shutdown = threading.Event()
        self._is_stopped = threading.Event()
        # What ends a sleep: the end of all, or something new for the scheduler to see.
        self.alarm = Alarm()
        self._scheduler: Any = None
        self._making = threading.RLock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.app, self._asked, self.schedule_filename, self.scheduler_cls)

    def start(self, embedded_process: bool = False) -> None:
        """Run until stop() is called. What the scheduler raises ends it, after the scheduler was closed."""
        logger.info("beat: Starting...")
        logger.debug("beat: Ticking with max interval->%s", self.max_interval)
        scheduler = self.scheduler
        signals.beat_init.send(sender=self)
        if embedded_process:
            signals.beat_embedded_init.send(sender=self)
        pidbox = BeatPidbox(self) if self.remote_control else None
        try:
            if pidbox is not None:
                pidbox.start()
            while not self._is_shutdown.is_set():
                pause = scheduler.tick()
                self.last_tick = time.monotonic()
                self._sleep(pause)
                if scheduler.should_sync():
                    scheduler._do_sync()
        except (KeyboardInterrupt, SystemExit):
            self._is_shutdown.set()
        finally:
            logger.info("beat: Shutting down...")
            if pidbox is not None:
                pidbox.close()
            self.sync()

    def _sleep(self, seconds: float | None) -> None:
        if seconds and seconds > 0 and not self._is_shutdown.is_set():
            logger.debug("beat: Waking up in %.2f seconds.", seconds)
            self.alarm.wait(seconds)
        self.alarm.clear()

    def sync(self) -> None:
        """Let the scheduler write down what it knows, and close it."""
        if not self._is_stopped.is_set():
            if self._scheduler is not None:
                self._scheduler.close()
            self._is_stopped.set()

    def stop(self, wait: bool = False) -> None:
        """End the loop, from any thread or from a signal's handler."""
        self._is_shutdown.set()
        self.alarm.set()
        if wait:
            self._is_stopped.wait()

    def get_scheduler(self, lazy: bool = False, extension_namespace: str = FOREIGN_GROUP) -> Any:
        """A scheduler of the class that is wanted; `lazy`: it does not look at its store yet."""
        scheduler = self.scheduler_cls(
            app=self.app,
            schedule_filename=self.schedule_filename,
            max_interval=self._asked if self._asked is not None else self.app.conf.beat_max_loop_interval or None,
            lazy=lazy,
        )
        scheduler.alarm = self.alarm
        return scheduler

    @property
    def scheduler(self) -> Any:
        """The scheduler of this service, made at first use and once, whichever thread asks first."""
        with self._making:
            if self._scheduler is None:
                self._scheduler = self.get_scheduler()
            return self._scheduler
