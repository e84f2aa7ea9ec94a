"""The worker: builds its steps, runs the event loop, and ends as its signals ask."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from celeriac.core import signals
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.execution.loops import new_event_loop
from celeriac.pools.pool import Pool

from . import rates
from .blueprint import Blueprint
from .components import WORKER_STEPS
from .consumer import Consumer
from .options import WorkerOptions
from .shutdown import SIGNALS, Action, Phase, action
from .timer import Timer

logger = logging.getLogger("celeriac.worker")

EX_OK: Final = 0
EX_FAILURE: Final = 1


class WorkController:
    """One worker of one app. `start` blocks until it has ended; `exitcode` says how."""

    pool: Pool
    consumer: Consumer

    def __init__(self, app: Any, options: WorkerOptions, clock: Clock = SYSTEM_CLOCK) -> None:
        self.app = app
        self.options = options
        self.hostname = options.hostname
        self.concurrency = options.concurrency
        self.clock = clock
        self.exitcode: int | None = None
        self.phase = Phase.RUNNING
        self.started_at = clock.now()
        self._ending: asyncio.Future[None] | None = None
        self._shutdown: asyncio.Task[None] | None = None
        self.started = self._announced = False
        self.on_ready: Callable[[], None] = lambda: None
        self.blueprint = Blueprint("Worker", {*WORKER_STEPS, *app.steps["worker"]})

    # -- life ---------------------------------------------------------------------------------------

    def start(self) -> int:
        """Run until the end; returns the exit code."""
        self.prepare()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self.run())
        return self.exitcode or EX_OK

    def prepare(self) -> None:
        """Everything that must come before the event loop: imports, forks."""
        self.announce()
        self.app.finalize()
        rates.check(self.app.tasks)
        self.blueprint.apply(self, **self.options.extra)

    def announce(self) -> None:
        """Send worker_init, once; whoever sets the worker up does it at the right moment, else `prepare`."""
        if not self._announced:
            self._announced = True
            signals.worker_init.send(sender=self)

    async def run(self) -> None:
        """In the event loop: start all steps, wait for the end, stop them."""
        loop = asyncio.get_running_loop()
        self._ending = loop.create_future()
        self._listen_to_signals(loop)
        try:
            await self._start(self._ending)
            await self._ending
        except Exception:
            logger.critical("Unrecoverable error", exc_info=True)
            self.exitcode = EX_FAILURE
            self.phase = Phase.COLD
        finally:
            await self.blueprint.stop(self, terminate=self.phase >= Phase.COLD)
            if "timer" in self.__dict__:
                await asyncio.to_thread(self.timer.stop)
            signals.worker_shutdown.send(sender=self)
            self.phase = Phase.OVER

    async def _start(self, ending: "asyncio.Future[None]") -> None:
        """Start all steps. That may take for ever (the broker is away), so the end may come before."""
        starting = asyncio.ensure_future(self.blueprint.start(self))
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return
        starting.result()
        self.started = True
        self.on_ready()
        signals.worker_ready.send(sender=self.consumer)

    @cached_property
    def timer(self) -> Timer:
        """For steps of programs: worker.timer.call_repeatedly(1.0, fun). Its calls come in a thread of their own."""
        return Timer()

    # -- the end ------------------------------------------------------------------------------------

    def _listen_to_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self.options.handle_signals:
            return
        for name in SIGNALS:
            loop.add_signal_handler(signal.Signals[name], self.on_signal, name)

    def on_signal(self, name: str) -> None:
        wanted = action(name, self.phase)
        if wanted is Action.TERMINATE:
            logger.critical("Terminating without waiting: unfinished tasks run again when the lease has run out")
            logging.shutdown()
            os._exit(EX_FAILURE)
        if wanted is Action.WARM:
            self.stop(how="Warm", sig=name)
        elif wanted in (Action.COLD, Action.COLD_NOW):
            self.terminate(sig=name, now=wanted is Action.COLD_NOW)

    def stop(self, how: str = "Warm", sig: str = "SIGTERM", exitcode: int = EX_OK) -> None:
        """Warm shutdown: running tasks end, nothing new begins."""
        if self.phase is not Phase.RUNNING:
            return
        self._announce(how, sig, exitcode)
        self._tell_of_waiting(sig)
        self.phase = Phase.WARM
        if not self.started:
            self._end()  # there is nothing to wait for yet
            return
        self._shutdown = asyncio.ensure_future(self._stop_warm())

    def terminate(self, sig: str = "SIGQUIT", now: bool = False, exitcode: int = EX_FAILURE) -> None:
        """Cold shutdown: running tasks are ended and go back; after a soft time, if one is set."""
        if not self.started:
            self._announce("Cold", sig, exitcode)
            self.phase = Phase.COLD
            self._end()
            return
        soft = self.app.conf["worker_soft_shutdown_timeout"]
        idle = not any(True for _ in self.pool.running())
        if soft and not now and not (idle and not self.app.conf["worker_enable_soft_shutdown_on_idle"]):
            self._announce("Soft", sig, exitcode)
            self._replace_shutdown(Phase.SOFT, self._stop_soft(soft))
            return
        self._announce("Cold", sig, exitcode)
        self._replace_shutdown(Phase.COLD, self._stop_cold())

    def _announce(self, how: str, sig: str, exitcode: int) -> None:
        self.exitcode = exitcode
        logger.warning("worker: %s shutdown (MainProcess)", how)
        signals.worker_shutting_down.send(sender=self.hostname, sig=sig, how=how, exitcode=exitcode)

    def _tell_of_waiting(self, sig: str) -> None:
        """Whoever pressed Ctrl-C sees why the command is not over yet."""
        count = sum(1 for _ in self.pool.running()) if self.started else 0
        if count:
            harder = "Ctrl-C again" if sig == "SIGINT" else "SIGQUIT"
            logger.warning("%s running task(s) may end first; %s stops them", count, harder)

    def _replace_shutdown(self, phase: Phase, run: Any) -> None:
        self.phase = phase
        if self._shutdown is not None:
            self._shutdown.cancel()
        self._shutdown = asyncio.ensure_future(run)

    async def _stop_warm(self) -> None:
        await self.consumer.stop_claiming()
        await self.pool.stop(float("inf"))
        self._end()

    async def _stop_soft(self, seconds: float) -> None:
        await self.consumer.stop_claiming()
        logger.warning("Initiating Soft Shutdown, terminating in %s seconds", seconds)
        if await self.pool.stop(asyncio.get_running_loop().time() + seconds):
            self._end()
        else:
            self._announce("Cold", "", self.exitcode or EX_FAILURE)
            self.phase = Phase.COLD
            await self._stop_cold()

    async def _stop_cold(self) -> None:
        await self.consumer.stop_claiming()
        self.consumer.abandon()
        await self.pool.kill()
        self._end()

    def fail(self, reason: str) -> None:
        """Something without which there is no going on is gone."""
        logger.critical("%s", reason)
        self.exitcode = EX_FAILURE
        self.terminate(sig="", now=True)

    def _end(self) -> None:
        if self._ending is not None and not self._ending.done():
            self._ending.set_result(None)
