"""Workers inside of a test's own process: `with start_worker(app): task.delay().get()`."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from celeriac.core.errors import TimeoutError
from celeriac.result import allow_join_result
from celeriac.worker.program import Worker

from .tasks import PING

WORKER_LOGLEVEL = os.environ.get("WORKER_LOGLEVEL", "error")
_READY_WITHIN: Final = 30.0


class TestWorkController(Worker):
    """A worker for tests: quiet, and it leaves logging as the test set it up."""

    __test__ = False  # no test of pytest's, whatever its name

    def __init__(self, app: Any = None, hostname: str | None = None, **given: Any) -> None:
        given.setdefault("quiet", True)
        super().__init__(app, hostname, **given)
        self.ready = threading.Event()
        self.failure: BaseException | None = None
        self.on_ready = self.ready.set

    def set_up_logging(self) -> None:
        """The test's own."""

    def ensure_started(self, timeout: float = _READY_WITHIN) -> None:
        """Returns when it consumes; raises what kept it from that."""
        self.ready.wait(timeout)
        if self.failure is not None:
            raise self.failure
        if not self.ready.is_set():
            raise TimeoutError(f"the test's worker was not ready within {timeout} s")

    def fail(self, reason: str) -> None:
        """There is no going on: the test is told why."""
        self.failure = RuntimeError(f"The test's worker could not go on: {reason}")
        super().fail(reason)

    def live(self) -> None:
        """Its whole life, for a thread."""
        try:
            if self.start() and not self.ready.is_set() and self.failure is None:
                self.failure = RuntimeError("The test's worker ended before it was ready: its log says why.")
        except BaseException as exc:  # noqa: BLE001 - told to the test's own thread
            self.failure = exc
        finally:
            self.ready.set()  # nobody shall wait for a worker that has ended


@contextmanager
def start_worker(
    app: Any,
    concurrency: int = 1,
    pool: str = "solo",
    loglevel: Any = WORKER_LOGLEVEL,
    logfile: str | None = None,
    perform_ping_check: bool = True,
    ping_task_timeout: float = 10.0,
    shutdown_timeout: float = 10.0,
    **kwargs: Any,
) -> Iterator[TestWorkController]:
    """A worker in a thread of this process, until the end of the block.

    Raises RuntimeError if the worker has not ended within shutdown_timeout seconds of being asked to.
    """
    setup_app_for_worker(app, loglevel, logfile)
    cls = kwargs.pop("WorkController", TestWorkController)
    kwargs.setdefault("handle_signals", False)
    worker = cls(app, kwargs.pop("hostname", None), concurrency=concurrency, pool=pool, loglevel=loglevel, **kwargs)
    thread = threading.Thread(target=worker.live, name="celeriac-test-worker", daemon=True)
    thread.start()
    try:
        worker.ensure_started()
        if perform_ping_check:
            with allow_join_result():
                assert app.tasks[PING].delay().get(timeout=ping_task_timeout) == "pong"
        yield worker
    finally:
        _end(worker, thread, shutdown_timeout)


def _end(worker: TestWorkController, thread: threading.Thread, within: float) -> None:
    worker.stop_soon()
    thread.join(within)
    if thread.is_alive():
        worker.stop_soon(cold=True)
        thread.join(within)
        raise RuntimeError(
            f"The test's worker had not ended {within} s after it was asked to: a task still ran. "
            "Give it more time with shutdown_timeout."
        )
    worker.app.transports.close()


def setup_app_for_worker(app: Any, loglevel: Any, logfile: str | None) -> None:
    """Tasks bound, and the app the current one of all threads."""
    app.finalize()
    app.set_current()
    app.set_default()
