"""A task run where it is called, by apply or in eager mode: the same steps, with the exception for the caller."""

from types import CoroutineType
from typing import Any

import msgspec

from celeriac.core import states
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import EncodeError, TaskPredicate
from celeriac.core.outcome import Ending
from celeriac.core.record import Record
from celeriac.current import Context
from celeriac.current.stack import TOP

from . import loops
from .around import Around
from .endings import Endings
from .faces import AppFace, FollowUp
from .plan import Plan, make_plan
from .records import Records
from .tracing import traced


class Ended(msgspec.Struct, frozen=True):
    """How an eager run ended."""

    state: str
    value: Any  # what the task returned, or the exception it raised (a Retry for RETRY)
    traceback: str | None = None
    record: Record | None = None  # to be stored, if that was asked for
    runtime: float = 0.0


class EagerExecutor:
    """Runs tasks in the caller's thread. The request says is_eager, and has no outbox."""

    def __init__(
        self,
        app: AppFace,
        hostname: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        follow: FollowUp | None = None,
        stores: bool = False,
    ) -> None:
        self._monotonic = clock.monotonic
        records = Records(app.conf, hostname, clock, stores)
        self._around = Around(app, Endings(hostname, records, follow, strict=True), records, strict=True)

    def apply(self, task: Any, request: Context, *, throw: bool = False) -> Ended:
        """With `throw`, what the task raises (but for Retry, Ignore and Reject) goes on to the caller."""
        plan = make_plan(task, task.name)
        outer = TOP.get()
        TOP.set((task, request, outer, task))
        began = self._monotonic()
        try:
            try:
                value = self._body(plan, request)
            except (SystemExit, KeyboardInterrupt):
                raise  # it is the caller's process
            except BaseException as exc:
                if throw and not isinstance(exc, TaskPredicate):
                    raise
                return self._raised(plan, request, exc)
            return self._returned(plan, request, value, self._monotonic() - began)
        finally:
            TOP.set(outer)

    def _body(self, plan: Plan, request: Context) -> Any:
        self._around.announce(plan, request)
        if plan.before_start is not None:
            plan.before_start(request.id, request.args, request.kwargs)
        if plan.tracer is None:
            value = (plan.task.run if plan.direct else plan.task)(*request.args, **request.kwargs)
        else:
            value = traced(plan.tracer, request)
        return loops.run(value) if type(value) is CoroutineType else value

    def _raised(self, plan: Plan, request: Context, exc: BaseException) -> Ended:
        state, outcome = self._around.raised_as(plan, request, exc)
        return Ended(state, exc, outcome.traceback, outcome.record)

    def _returned(self, plan: Plan, request: Context, value: Any, runtime: float) -> Ended:
        outcome = self._around.returned(plan, request, value, runtime)
        if outcome.ending is Ending.RETURNED:
            return Ended(states.SUCCESS, value, None, outcome.record, runtime)
        return Ended(states.FAILURE, EncodeError(outcome.reason), outcome.traceback, outcome.record, runtime)
