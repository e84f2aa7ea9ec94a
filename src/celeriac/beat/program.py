"""Beat: the whole program of `celeriac beat`: tasks imported, logging, banner, signals, and the service."""

import logging
import signal
import sys
from collections.abc import Callable
from typing import Any

import celeriac
from celeriac.core import signals
from celeriac.settings import Settings

from . import banner
from .service import Service

logger = logging.getLogger("celeriac.beat")

# (settings, level, logfile, colours wanted): what puts the handlers in place; the door above knows how
SetUpLogging = Callable[[Settings, int, "str | None", bool], None]


def _plain_logging(conf: Settings, level: int, logfile: str | None, color: bool) -> None:
    asked = {"loglevel": level, "logfile": logfile, "format": conf["worker_log_format"], "colorize": color}
    if signals.setup_logging.send(sender=None, **asked):
        return
    logging.basicConfig(level=level, format=conf["worker_log_format"], filename=logfile)
    signals.after_setup_logger.send(sender=None, logger=logging.getLogger(), **asked)


class Beat:
    """`Beat(app=app).run()` returns when beat has ended."""

    Service: Any = Service

    def __init__(
        self,
        max_interval: float | None = None,
        app: Any = None,
        loglevel: int | str = "WARNING",
        logfile: str | None = None,
        schedule: str | None = None,
        scheduler: Any = None,
        scheduler_cls: Any = None,
        no_color: bool | None = None,
        quiet: bool = False,
        hostname: str | None = None,
        remote_control: bool | None = None,
        setup_logging: SetUpLogging = _plain_logging,
        **kwargs: Any,
    ) -> None:
        self.app = app
        self.max_interval = max_interval
        self.loglevel = loglevel if isinstance(loglevel, int) else logging.getLevelNamesMapping()[loglevel.upper()]
        self.logfile = logfile
        self.schedule = schedule
        self.scheduler_cls = scheduler_cls or scheduler
        self.no_color = no_color
        self.quiet = quiet
        self.hostname = hostname
        self.remote_control = remote_control
        self._setup_logging = setup_logging

    def run(self) -> int:
        """Until SIGTERM or Ctrl-C; returns the exit code."""
        self.init_loader()
        self.setup_logging()
        service = self.service()
        if not self.quiet:
            sys.stdout.write(f"{self.app.product} beat v{celeriac.__version__} is starting.\n{self.banner(service)}\n")
            sys.stdout.flush()
        self.install_handlers(service)
        try:
            service.start()
        except Exception as exc:
            logger.critical("beat raised exception %s: %r", type(exc), exc, exc_info=True)
            return 1
        return 0

    start_scheduler = run

    def service(self) -> Any:
        """The service as the options ask for it."""
        return self.Service(
            app=self.app,
            max_interval=self.max_interval,
            scheduler_cls=self.scheduler_cls,
            schedule_filename=self.schedule,
            hostname=self.hostname,
            remote_control=self.remote_control,
        )

    def init_loader(self) -> None:
        """Import the tasks, and with them what they add to the schedule."""
        self.app.loader.init_worker()
        self.app.finalize()

    def setup_logging(self) -> None:
        self._setup_logging(self.app.conf, self.loglevel, self.logfile, not self.no_color)

    def banner(self, service: Any) -> str:
        return banner.text(service, self.loglevel, self.logfile)

    def startup_info(self, service: Any) -> str:
        return banner.startup_info(service, self.loglevel, self.logfile)

    def install_handlers(self, service: Any) -> None:
        """SIGTERM and Ctrl-C let it close its scheduler first."""
        for name in ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: service.stop())
