"""While a worker runs: stacks on SIGUSR1, a new start on SIGHUP, and the line that says it is ready."""

import asyncio
import contextlib
import faulthandler
import io
import signal
import sys
from typing import Any, NamedTuple

from celeriac.worker import log
from celeriac.worker.worker import WorkController


class Ended(NamedTuple):
    """How a worker ended, and whether it is to be started again."""

    code: int
    restart: bool


def run(worker: WorkController) -> Ended:
    """Until it ends."""
    restart = _Restart(worker)
    _dump_stacks_on_signal(chain=False)

    def on_ready() -> None:
        loop = asyncio.get_running_loop()
        if hasattr(signal, "SIGUSR1"):
            faulthandler.unregister(signal.SIGUSR1)  # it puts back the handler it has found: before the next is set
            loop.add_signal_handler(signal.SIGUSR1, print_tasks)
        if hasattr(signal, "SIGHUP") and not _has_terminal():
            loop.add_signal_handler(signal.SIGHUP, restart.ask)
        _dump_stacks_on_signal(chain=True)
        log.announce_ready(worker.hostname)

    worker.on_ready = on_ready
    return Ended(worker.start(), restart.asked)


class _Restart:
    """SIGHUP: let running tasks end, then start over with the same command line."""

    def __init__(self, worker: WorkController) -> None:
        self._worker = worker
        self.asked = False

    def ask(self) -> None:
        self.asked = True
        self._worker.stop(sig="SIGHUP")


def _has_terminal() -> bool:
    return sys.__stdout__ is not None and sys.__stdout__.isatty()


def _dump_stacks_on_signal(chain: bool) -> None:
    """From C, so that it works even if the event loop is stuck; `chain`: then also what `print_tasks` tells."""
    if not hasattr(signal, "SIGUSR1") or sys.__stderr__ is None:
        return
    with contextlib.suppress(io.UnsupportedOperation):  # a stderr without a descriptor, under a test runner
        faulthandler.register(signal.SIGUSR1, file=sys.__stderr__, all_threads=True, chain=chain)


def print_tasks() -> None:
    """What every coroutine of the worker waits for."""
    out: Any = sys.__stderr__
    for task in sorted(asyncio.all_tasks(), key=lambda task: task.get_name()):
        task.print_stack(file=out)
    out.flush()
