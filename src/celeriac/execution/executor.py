"""One attempt at one task, in the process that executes it: from the message's bytes to an Outcome."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import CoroutineType
from typing import Any, Final

from celeriac.core import signals
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.outcome import Ending, Outcome
from celeriac.current import Context
from celeriac.current.stack import TOP

from . import limits, loops
from .around import Around
from .endings import Endings
from .faces import AppFace, FollowUp
from .opening import REFUSALS, Opener
from .plan import Plan, make_plan
from .records import Records
from .request import RunContext
from .tracing import traced
from .verdicts import Verdicts

_MOST_THREADS: Final = 32

_top: Final = TOP.get
_set_top: Final = TOP.set
_reset_top: Final = TOP.reset
_enter: Final = limits.enter
_leave: Final = limits.leave
_stops: Final = limits.STOPS
_prerun: Final = signals.task_prerun

Begun = Callable[[], None] | None


class Executor:
    """Runs messages, one after the other or from many threads and coroutines at once."""

    def __init__(
        self,
        app: AppFace,
        hostname: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        follow: FollowUp | None = None,
        threads: int = _MOST_THREADS,
    ) -> None:
        self._monotonic = clock.monotonic
        self._tasks = app.tasks
        self._plans: dict[str, Plan] = {}
        self._verdicts = Verdicts(app, hostname, clock=clock)
        self._records: Records = self._verdicts.records
        self._open_message: Opener = self._verdicts.opener
        self._verdicts.follow = follow
        self._endings = Endings(hostname, self._records, follow)
        self._endings.send_results = bool(app.conf["worker_send_task_events"])
        self._deduplicates = bool(app.conf["worker_deduplicate_successful_tasks"])
        self._around = Around(app, self._endings, self._records)
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    @property
    def send_results(self) -> bool:
        """Outcomes carry the repr of results (task events are on)."""
        return self._endings.send_results

    @send_results.setter
    def send_results(self, wanted: bool) -> None:
        self._endings.send_results = wanted

    # -- for pools whose children are threads of control: processes, threads, solo

    def run(self, raw: bytes, *, redelivered: bool = False, deliveries: int = 0, begun: Begun = None) -> Outcome:
        """Run the message here, whatever it is: every end is an Outcome. `begun` is told that it is not refused."""
        try:
            request = self._open_message(raw, redelivered)
        except REFUSALS as exc:
            return self._verdicts.refused(raw, exc)
        plan = self._plans.get(request.task)
        if plan is None or redelivered:
            found = self._look_up(raw, request, redelivered)
            if isinstance(found, Outcome):
                return found
            plan = found
        if begun is not None:
            begun()
            request.acknowledged = True
        return self._attempt(plan, request, None)

    # -- for the asyncio pool

    async def arun(self, raw: bytes, *, redelivered: bool = False, deliveries: int = 0, begun: Begun = None) -> Outcome:
        """Run the message in this event loop; a task that is a plain function runs in a thread."""
        try:
            request = self._open_message(raw, redelivered)
        except REFUSALS as exc:
            return self._verdicts.refused(raw, exc)
        plan = self._look_up(raw, request, redelivered)
        if isinstance(plan, Outcome):
            return plan
        if begun is not None:
            begun()
            request.acknowledged = True
        body: limits.Body = [None]
        task = limits.register_task(body)
        try:
            if plan.is_async:
                return await self._attempt_async(plan, request, body)
            outcome: Outcome = await self._in_thread(self._attempt, plan, request, body)
            return outcome
        finally:
            limits.forget_task(task)

    def close(self) -> None:
        """No run is left: give back threads and the calling thread's event loop."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        loops.close_loop()

    # -- the steps

    def _look_up(self, raw: bytes, request: RunContext, redelivered: bool) -> Plan | Outcome:
        """The task's plan; an outcome if there is no such task, or nothing is left to do for it."""
        name = request.task
        plan = self._plans.get(name)
        if plan is None:
            task = self._tasks.get(name)
            if task is None:
                return self._verdicts.unknown(raw)
            plan = self._plans[name] = make_plan(task, name)
        # What was to follow it may not have been sent yet: only another run tells.
        may_skip = redelivered and self._deduplicates and not request.has_followers
        if may_skip and self._around.succeeded_before(plan, request):
            return Outcome(Ending.IGNORED, reason="it has succeeded before")
        return plan

    def _attempt(self, plan: Plan, request: Context, given: limits.Body | None) -> Outcome:
        around, task = self._around, plan.task
        outer = _top()
        mark = _set_top((task, request, outer, task))
        began = self._monotonic()
        body = None
        try:
            if around.announces or _prerun.has_listeners:
                around.announce(plan, request)
            if plan.track_started:
                around.store_started(plan, request)
            if plan.before_start is not None:
                plan.before_start(request.id, request.args, request.kwargs)
            body = _enter(given)
            try:
                if plan.tracer is None:
                    value = (task.run if plan.direct else task)(*request.args, **request.kwargs)
                else:
                    value = traced(plan.tracer, request)
                if type(value) is CoroutineType:
                    value = loops.run(limits.drive(value, body))
            finally:
                _leave(body)
        except BaseException as exc:  # noqa: BLE001
            error = exc
            if body is not None:
                try:
                    _leave(body)
                except BaseException as felt_late:  # noqa: BLE001
                    error = felt_late
            stop = limits.stopped(given if body is None else body)
            return around.raised(plan, request, error) if stop is None else around.stopped(plan, request, stop)
        else:
            if _stops:
                limits.stopped(body)  # it returned all the same
            return around.returned(plan, request, value, self._monotonic() - began)
        finally:
            _reset_top(mark)
            if around.cleanups:
                around.clean_up(plan, request)

    async def _attempt_async(self, plan: Plan, request: Context, body: limits.Body) -> Outcome:
        around, task = self._around, plan.task
        outer = _top()
        _set_top((task, request, outer, task))
        began = self._monotonic()
        try:
            try:
                if around.announces or _prerun.has_listeners:
                    around.announce(plan, request)
                if plan.track_started:
                    await self._in_thread(around.store_started, plan, request)
                if plan.before_start is not None:
                    plan.before_start(request.id, request.args, request.kwargs)
                try:
                    if plan.tracer is None:
                        value = (task.run if plan.direct else task)(*request.args, **request.kwargs)
                    else:
                        value = traced(plan.tracer, request)
                    if type(value) is CoroutineType:
                        value = await limits.drive(value, body)
                finally:
                    body.clear()
            except BaseException as exc:
                stop = limits.stopped(body)
                if _ended_from_outside(exc):
                    raise
                if stop is not None:
                    return around.stopped(plan, request, stop)
                if request.has_followers:  # counting its part waits for a server
                    failed: Outcome = await self._in_thread(around.raised, plan, request, exc)
                    return failed
                return around.raised(plan, request, exc)
            if _stops:
                limits.stopped(body)  # it returned all the same
            runtime = self._monotonic() - began
            if request.has_followers:
                returned: Outcome = await self._in_thread(around.returned, plan, request, value, runtime)
                return returned
            return around.returned(plan, request, value, runtime)
        finally:
            _set_top(outer)
            if around.cleanups:
                around.clean_up(plan, request)

    async def _in_thread(self, fun: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread_pool(), copy_context().run, fun, *args)

    def _thread_pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="celeriac-task")
        return self._pool


def _ended_from_outside(exc: BaseException) -> bool:
    """The pool cancelled the run: nothing is known of its work, so there is nothing to report."""
    if isinstance(exc, GeneratorExit):
        return True
    task = asyncio.current_task()
    return isinstance(exc, asyncio.CancelledError) and task is not None and bool(task.cancelling())
