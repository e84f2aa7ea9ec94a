"""celery.utils.log and celery.app.log: loggers under Celery's names, and app.log."""

import logging
import sys
from typing import Any

from celeriac.app.symbols import symbol
from celeriac.log import TASK_LOGGER
from celeriac.log import get_task_logger as log_of_task
from celeriac.worker import log
from celeriac.worker.log import ColorFormatter as _ColorFormatter
from celeriac.worker.log import LoggingProxy as _LoggingProxy

LOG_LEVELS = {**logging.getLevelNamesMapping(), "FATAL": logging.FATAL}
LOG_LEVELS.update({number: name for name, number in list(LOG_LEVELS.items()) if name not in ("WARN", "FATAL")})  # type: ignore[misc]

base_logger = logger = logging.getLogger("celery")
# Celery's loggers are what tasks and the worker write to: a level or a handler set here holds for Celeriac's.
task_logger = logging.getLogger("celery.task")
worker_logger = logging.getLogger("celery.worker")


def get_logger(name: str) -> logging.Logger:
    """A logger below Celery's."""
    found = logging.getLogger(name)
    if not found.name.startswith("celery") and found.parent is logging.root and found is not base_logger:
        found.parent = base_logger
    return found


def get_task_logger(name: str) -> logging.Logger:
    """A logger that a worker writes out with the name and id of the task that runs."""
    if name in ("celery", "celery.task"):
        raise RuntimeError(f"Logger name {name!r} is reserved!")
    return log_of_task(name)


def mlevel(level: Any) -> Any:
    """The number of a level's name."""
    return log.level_of(level) if level and not isinstance(level, int) else level


class ColorFormatter(_ColorFormatter):
    """Levels above INFO in colour."""

    def __init__(self, fmt: str | None = None, use_color: bool = True) -> None:
        super().__init__(fmt, None, use_color)


class TaskFormatter(log.TaskFormatter):
    """Adds the running task's name and id."""

    def __init__(self, fmt: str | None = None, use_color: bool = True) -> None:
        super().__init__(fmt, None, use_color)


class LoggingProxy(_LoggingProxy):
    """A file whose lines are log records."""

    def __init__(self, logger: logging.Logger, loglevel: Any = None) -> None:
        assert sys.__stderr__ is not None
        super().__init__(logger, mlevel(loglevel or logger.level or logging.WARNING), sys.__stderr__)


_in_sighandler = False


def set_in_sighandler(value: bool) -> None:
    """Say that a signal handler runs."""
    global _in_sighandler
    _in_sighandler = value


class in_sighandler:  # noqa: N801 - Celery's name
    """`with in_sighandler():` around what a signal handler does."""

    def __enter__(self) -> None:
        set_in_sighandler(True)

    def __exit__(self, *exc_info: object) -> None:
        set_in_sighandler(False)


def get_multiprocessing_logger() -> logging.Logger:
    """multiprocessing's logger."""
    return symbol("multiprocessing.util:get_logger")()  # type: ignore[no-any-return]


def reset_multiprocessing_logger() -> None:
    """Nothing is left of billiard to be reset."""


class Logging:
    """app.log: sets logging up as a worker does, for programs that want it without one."""

    already_setup = False

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loglevel = logging.WARNING
        self.format = app.conf.worker_log_format
        self.task_format = app.conf.worker_task_log_format

    def setup(
        self,
        loglevel: Any = None,
        logfile: Any = None,
        redirect_stdouts: bool = False,
        redirect_level: str = "WARNING",
        colorize: Any = None,
        hostname: str | None = None,
    ) -> bool:
        """Handlers, levels and formats; prints too, with redirect_stdouts."""
        done = self.setup_logging_subsystem(loglevel, logfile, colorize=colorize, hostname=hostname)
        if redirect_stdouts:
            self.redirect_stdouts(redirect_level)
        return done

    def setup_logging_subsystem(
        self,
        loglevel: Any = None,
        logfile: Any = None,
        format: Any = None,
        colorize: Any = None,
        hostname: str | None = None,
        **kwargs: Any,
    ) -> bool:
        """Handlers, levels and formats; once."""
        if self.already_setup:
            return False
        type(self).already_setup = True
        self.loglevel = mlevel(loglevel) or self.loglevel
        log.setup(self.app.conf, log.LogOptions(self.loglevel, logfile, hostname or "", bool(colorize)))
        return True

    def redirect_stdouts(self, loglevel: Any = None, name: str = "celery.redirected") -> None:
        """Prints become lines of the log."""
        self.redirect_stdouts_to_logger(logging.getLogger(name), loglevel)

    def redirect_stdouts_to_logger(
        self, logger: logging.Logger, loglevel: Any = None, stdout: bool = True, stderr: bool = True
    ) -> LoggingProxy:
        """Prints become lines of this logger."""
        proxy = LoggingProxy(logger, loglevel)
        if stdout:
            sys.stdout = proxy
        if stderr:
            sys.stderr = proxy
        return proxy

    def setup_task_loggers(self, loglevel: Any = None, logfile: Any = None, **kwargs: Any) -> logging.Logger:
        """The logger of tasks."""
        found = logging.getLogger(TASK_LOGGER)
        found.setLevel(mlevel(loglevel) or self.loglevel)
        return found

    def get_default_logger(self, name: str = "celery", **kwargs: Any) -> logging.Logger:
        """Celery's logger."""
        return get_logger(name)

    def supports_color(self, colorize: Any = None, logfile: Any = None) -> bool:
        """True if a terminal reads the log."""
        return bool(colorize) if colorize is not None else not logfile and sys.stderr.isatty()
