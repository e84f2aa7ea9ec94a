"""EmbeddedService: a beat beside a worker, in child processes or in a thread."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from functools import partial
from types import FrameType
from typing import Any, Final, NoReturn

from celeriac.process.parent_death import die_with_parent

from .service import Service

logger = logging.getLogger("celeriac.beat")

_RESTART_AFTER: Final = 1.0


class ThreadedBeat(threading.Thread):
    """A service in a thread of this process; another one takes its place should it end with an error."""

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(name="Beat", daemon=True)
        self.service = Service(app, **kwargs)
        self._another = partial(Service, app, **kwargs)
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.is_set():
            try:
                self.service.start()
                return
            except Exception:
                logger.critical("beat: The embedded beat ended with an error; it is started again.", exc_info=True)
            self._ending.wait(_RESTART_AFTER)
            self.service = self._another()
            if self._ending.is_set():  # whoever set it has told the one before
                self.service.stop()

    def stop(self) -> None:
        self._ending.set()
        self.service.stop()
        if self.is_alive():
            self.join()


class ForkedBeat:
    """A service in a process of its own, and between the two one that starts it again should it die.

    `start` forks, so it is called before this process has threads or an event loop.
    """

    def __init__(self, app: Any, **kwargs: Any) -> None:
        self.service = Service(app, **kwargs)
        self.pid: int | None = None

    def start(self) -> None:
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            _Keeper(self.service).run(parent)
        self.pid = pid

    def poll(self) -> int | None:
        """Its exit code if it has ended (negative: the signal that killed it)."""
        if self.pid is None:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def stop(self, seconds: float = 10.0) -> None:
        """Ask it to end, and see that it does."""
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.poll() is not None or self.pid is None:
                return
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = None

    terminate = stop


class _Keeper:
    """The process between: forks the one that runs the service, and another one when it has died."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._child: int | None = None
        self._ending = False

    def run(self, parent: int) -> NoReturn:
        code = 1
        try:
            die_with_parent(parent)
            for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"):  # of the terminal: the worker decides
                signal.signal(getattr(signal, name), signal.SIG_IGN)
            signal.signal(signal.SIGTERM, self._end)
            code = self._keep()
        finally:
            os._exit(code)

    def _keep(self) -> int:
        while True:
            me = os.getpid()
            pid = os.fork()
            if not pid:
                _serve(self._service, me)
            self._child = pid
            if self._ending:  # asked for just before
                self._end(signal.SIGTERM, None)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            self._child = None
            if self._ending or code == 0:
                return max(code, 0)
            logger.error("beat: The embedded beat ended with exit code %d; it is started again.", code)
            time.sleep(_RESTART_AFTER)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM)


def _serve(service: Service, parent: int) -> NoReturn:
    code = 1
    try:
        die_with_parent(parent)
        multiprocessing.current_process().name = "Beat"  # in log lines
        signal.signal(signal.SIGTERM, lambda *_: service.stop())
        service.start(embedded_process=True)
        code = 0
    except Exception:
        logger.critical("beat: The embedded beat ended with an error", exc_info=True)
    finally:
        logging.shutdown()
        os._exit(code)


def EmbeddedService(app: Any, max_interval: float | None = None, **kwargs: Any) -> Any:  # noqa: N802 - Celery's name
    """A beat beside a worker: in a process of its own, or (thread=True, or where there is no fork) in a thread."""
    thread = kwargs.pop("thread", False) or not hasattr(os, "fork")
    return (ThreadedBeat if thread else ForkedBeat)(app, max_interval=max_interval, **kwargs)
