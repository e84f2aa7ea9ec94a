"""What happens around the body of a run: announcing it, storing STARTED, and what follows its end."""

import logging
import os
from collections.abc import Callable
from typing import Any, Final

from celeriac.core import signals, states
from celeriac.core.errors import TimeLimitExceeded
from celeriac.core.outcome import Ending, Outcome
from celeriac.current import Context

from . import texts
from .endings import Endings
from .exception_info import ExceptionInfo
from .faces import AppFace, Unfinished, own_hook
from .plan import Plan
from .records import Records
from .texts import safe_repr

logger: Final = logging.getLogger("celeriac.execution")

# What task_postrun is told of a body that returned; the rest are failures.
_STATES: Final = {Ending.RETURNED: states.SUCCESS, Ending.REJECTED: states.REJECTED}

_prerun: Final = signals.task_prerun
_postrun: Final = signals.task_postrun


class Around:
    """The steps before and after a body; none of them costs anything where nobody listens."""

    def __init__(self, app: AppFace, endings: Endings, records: Records, strict: bool = False) -> None:
        self._app = app
        self._endings = endings
        self._returned = endings.returned
        self._records = records
        self._strict = strict  # errors go on to the caller (eager runs)
        self._task_init: Callable[..., Any] | None = own_hook(app.loader, "on_task_init")
        self.announces = self._task_init is not None  # whether or not somebody listens to task_prerun
        cleanups = own_hook(app.backend, "process_cleanup"), own_hook(app.loader, "on_process_cleanup")
        self.cleanups: tuple[Callable[[], Any], ...] = tuple(hook for hook in cleanups if hook is not None)

    def announce(self, plan: Plan, request: Context) -> None:
        """Before anything else."""
        if _prerun.has_listeners:
            _prerun.send(sender=plan.task, task_id=request.id, task=plan.task, args=request.args, kwargs=request.kwargs)
        if self._task_init is not None:
            self._task_init(request.id, plan.task)

    def store_started(self, plan: Plan, request: Context) -> None:
        """At once, not with the end: it is there to be seen meanwhile. Its failure does not stop the run."""
        if not self._records.wanted(plan, request):
            return
        meta = {"pid": os.getpid(), "hostname": request.hostname}
        try:
            self._app.backend.store_result(request.id, meta, states.STARTED, request=request)
        except Exception as exc:  # noqa: BLE001
            logger.warning("Task %s[%s]: its state STARTED was not stored: %r", plan.name, request.id, exc)

    def returned(self, plan: Plan, request: Context, value: Any, runtime: float) -> Outcome:
        """The body returned."""
        try:
            outcome = self._returned(plan, request, value, runtime)
        except Unfinished as exc:
            outcome = self._unfinished(plan, request, exc)
        except Exception as exc:
            if self._strict:
                raise
            outcome = self._internal_error(plan, request, exc)
        if _postrun.has_listeners:
            state = _STATES.get(outcome.ending, states.FAILURE)
            self._send_postrun(plan, request, value, state)
        return outcome

    def raised(self, plan: Plan, request: Context, exc: BaseException) -> Outcome:
        """The body raised."""
        return self.raised_as(plan, request, exc)[1]

    def raised_as(self, plan: Plan, request: Context, exc: BaseException) -> tuple[str, Outcome]:
        """The body raised: (state, outcome)."""
        try:
            state, outcome = self._endings.raised(plan, request, exc)
        except Unfinished as why:
            state, outcome = states.REJECTED, self._unfinished(plan, request, why)
        except Exception as failed:
            if self._strict:
                raise
            state, outcome = states.FAILURE, self._internal_error(plan, request, failed)
        if _postrun.has_listeners:
            self._send_postrun(plan, request, exc, state)
        return state, outcome

    def stopped(self, plan: Plan, request: Context, error: BaseException) -> Outcome:
        """It was stopped at its hard limit or by request, and felt it. Whoever stopped it says so, stores it and
        sends the signals, as it must where the process was killed; here nothing more of the run is done."""
        timed_out = isinstance(error, TimeLimitExceeded)
        return Outcome(Ending.TIMED_OUT if timed_out else Ending.REVOKED, reason=safe_repr(error))

    def _send_postrun(self, plan: Plan, request: Context, value: Any, state: str) -> None:
        _postrun.send(
            sender=plan.task, task_id=request.id, task=plan.task, args=request.args, kwargs=request.kwargs,
            retval=value, state=state,
        )  # fmt: skip

    def _unfinished(self, plan: Plan, request: Context, why: Unfinished) -> Outcome:
        """Nothing of the run's end has been told to anybody: it is repeated."""
        texts.logger.error("Task %s[%s] goes back to its queue: %s", plan.name, request.id, why)
        return Outcome(Ending.REJECTED, requeue=True, reason=str(why))

    def _internal_error(self, plan: Plan, request: Context, exc: Exception) -> Outcome:
        """What went wrong is ours, not the task's; the run still ends, and ends as a failure."""
        info = ExceptionInfo(exc, internal=True)
        signals.task_internal_error.send(
            sender=plan.task, task_id=request.id, args=request.args, kwargs=request.kwargs, request=request,
            exception=exc, traceback=info.tb, einfo=info,
        )  # fmt: skip
        texts.logger.critical(
            texts.LOG_INTERNAL_ERROR,
            {"name": plan.name, "id": request.id, "description": "INTERNAL ERROR", "exc": safe_repr(exc)},
            exc_info=info.exc_info,
        )
        record = self._records.failure(request, states.FAILURE, exc, info.traceback)
        return Outcome(Ending.RAISED, record, reason=safe_repr(exc), traceback=info.traceback)

    def clean_up(self, plan: Plan, request: Context) -> None:
        """After everything else."""
        for clean_up in self.cleanups:
            try:
                clean_up()
            except Exception as exc:
                logger.exception("Process cleanup after task %s[%s] failed: %r", plan.name, request.id, exc)

    def succeeded_before(self, plan: Plan, request: Context) -> bool:
        """A redelivered message whose result says that its work was done (worker_deduplicate_successful_tasks)."""
        try:
            done = bool(self._app.backend.get_state(request.id) == states.SUCCESS)
        except Exception as exc:  # noqa: BLE001
            # Running it once more is what at-least-once allows; not running it at all is not.
            logger.warning("Task %s[%s]: can't see whether it has succeeded before: %r", plan.name, request.id, exc)
            return False
        if done:
            texts.logger.info(
                texts.LOG_IGNORED, {"name": plan.name, "id": request.id, "description": "has succeeded before"}
            )
        return done
