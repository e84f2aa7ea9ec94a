"""A worker's logging: formats from the settings, process and task names in every line, prints included."""

import logging
import logging.handlers
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

import msgspec

from celeriac.core import signals
from celeriac.current import get_current_task
from celeriac.log import TASK_LOGGER

from .json_log import JsonFormatter
from .nodenames import fill_in

_COLORS: Final = {"DEBUG": "1;34", "WARNING": "1;33", "ERROR": "1;31", "CRITICAL": "1;35"}
_LONGEST_LINE: Final = 64 * 1024


class LogOptions(msgspec.Struct, frozen=True):
    """Where and how a worker logs, besides what the settings say."""

    level: int = logging.WARNING
    logfile: str | None = None  # may hold %n %h %d, and %i or %I for a file of each process
    hostname: str = ""
    color: bool = False


def name_process(name: str) -> None:
    """How this process is called in log lines: logging asks multiprocessing."""
    multiprocessing.current_process().name = name


class LogFile(logging.handlers.WatchedFileHandler):
    """A log file whose name may differ from process to process; reopened when it was rotated away."""

    def __init__(self, pattern: str, hostname: str) -> None:
        self._pattern = pattern
        self._hostname = hostname
        super().__init__(fill_in(pattern, hostname), encoding="utf-8", delay=False)

    def for_process(self, index: int) -> None:
        """In a new child, number `index`: write to its own file, if the name says so."""
        if "%i" in self._pattern or "%I" in self._pattern:
            self.close()
            self.baseFilename = fill_in(self._pattern, self._hostname, index)
            self._statstream()


class ColorFormatter(logging.Formatter):
    """Levels above INFO in colour, on a terminal."""

    def __init__(self, fmt: str | None, datefmt: str | None = None, color: bool = False) -> None:
        super().__init__(fmt, datefmt)
        self._color = color

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        code = _COLORS.get(record.levelname) if self._color else None
        return f"\x1b[{code}m{text}\x1b[0m" if code else text


class TaskFormatter(ColorFormatter):
    """Adds the running task's name and id (???, outside a task)."""

    def format(self, record: logging.LogRecord) -> str:
        task = get_current_task()
        request = getattr(task, "request", None)
        record.__dict__.setdefault("task_name", getattr(task, "name", None) or "???")
        record.__dict__.setdefault("task_id", getattr(request, "id", None) or "???")
        return super().format(record)


def setup(conf: Any, options: LogOptions) -> bool:
    """Configure logging unless a receiver of setup_logging does: False, and what is printed is its business too."""
    colorize = bool(options.color and not options.logfile and conf["worker_log_color"] is not False)
    fmt = conf["worker_log_format"]
    asked = {"loglevel": options.level, "logfile": options.logfile, "format": fmt, "colorize": colorize}
    if signals.setup_logging.send(sender=None, **asked):
        return False
    root = logging.getLogger()
    if conf["worker_hijack_root_logger"]:
        _remove_handlers(root)
        _remove_handlers(logging.getLogger(TASK_LOGGER))
    if not root.handlers:
        root.addHandler(_output(options, _formatter(conf, ColorFormatter(fmt, conf["worker_log_datefmt"], colorize))))
    root.setLevel(options.level)
    signals.after_setup_logger.send(sender=None, logger=root, **asked)
    _setup_task_logger(conf, options, asked)
    return True


def _remove_handlers(logger: logging.Logger) -> None:
    for handler in logger.handlers:
        if isinstance(handler, LogFile):  # of an earlier setup; others are not ours to close
            handler.close()
    logger.handlers.clear()


def _setup_task_logger(conf: Any, options: LogOptions, asked: dict[str, Any]) -> None:
    tasks = logging.getLogger(TASK_LOGGER)
    fmt = conf["worker_task_log_format"]
    if not tasks.handlers:
        formatter = TaskFormatter(fmt, conf["worker_task_log_datefmt"], asked["colorize"])
        tasks.addHandler(_output(options, _formatter(conf, formatter)))
    tasks.setLevel(options.level)
    tasks.propagate = False
    signals.after_setup_task_logger.send(sender=None, logger=tasks, **{**asked, "format": fmt})


def _formatter(conf: Any, plain: logging.Formatter) -> logging.Formatter:
    return JsonFormatter() if conf["worker_log_json"] else plain


def _output(options: LogOptions, formatter: logging.Formatter) -> logging.Handler:
    handler: logging.Handler
    handler = LogFile(options.logfile, options.hostname) if options.logfile else logging.StreamHandler(sys.__stderr__)
    handler.setFormatter(formatter)
    return handler


def in_child(index: int, kind: str) -> None:
    """First thing in a new executing process: its name, and its log file."""
    name_process(f"{kind}-{index + 1}")
    for logger in (logging.root, logging.getLogger(TASK_LOGGER)):
        for handler in logger.handlers:
            if isinstance(handler, LogFile):
                handler.for_process(index + 1)


class _Pending(threading.local):
    """What a thread has written of a line that is not complete."""

    text = ""
    logging = False


class LoggingProxy:
    """A file whose lines are log records: prints of task code appear in the log, with process and time."""

    closed = False
    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"
    name = "<celeriac log>"

    def __init__(self, logger: logging.Logger, level: int, original: TextIO) -> None:
        self._logger = logger
        self._level = level
        self._original = original
        self._mine = _Pending()

    def write(self, data: str) -> int:
        """A line is logged when it is complete: print() writes its words one by one."""
        mine = self._mine
        if mine.logging:  # a handler that prints must not come back here
            return len(data)
        mine.text += data
        if data.endswith("\n") or len(mine.text) > _LONGEST_LINE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Log what is there, complete or not."""
        mine = self._mine
        text, mine.text = mine.text.rstrip("\n"), ""
        if text:
            mine.logging = True
            try:
                self._logger.log(self._level, "%s", text)
            finally:
                mine.logging = False

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def close(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._original.fileno()

    @property
    def buffer(self) -> Any:
        """For programs that write bytes: past the log."""
        return self._original.buffer


def redirect_stdouts(conf: Any) -> None:
    """Send what is printed to the log, if the settings say so."""
    if not conf["worker_redirect_stdouts"]:
        return
    named = conf["worker_redirect_stdouts_level"]
    level = named if isinstance(named, int) else level_of(str(named))
    logger = logging.getLogger("celeriac.redirected")
    assert sys.__stdout__ is not None
    assert sys.__stderr__ is not None
    sys.stdout = LoggingProxy(logger, level, sys.__stdout__)
    sys.stderr = LoggingProxy(logger, level, sys.__stderr__)


@contextmanager
def own_stdouts() -> Iterator[None]:
    """Inside, standard output and error may be redirected; afterwards they are what they were."""
    before = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def level_of(name: str) -> int:
    """The number of a level's name."""
    return logging.getLevelNamesMapping()[name.upper()]


def announce_ready(hostname: str) -> None:
    """The line tools wait for."""
    logging.getLogger("celeriac.worker").info("%s ready.", hostname)
