"""What becomes of messages that were not run to their end: lost, timed out, revoked, unknown, refused."""

from typing import Any

from celeriac.core import signals, states
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import (
    DecodeError,
    NotRegistered,
    TaskRevokedError,
    TimeLimitExceeded,
    WorkerLostError,
)
from celeriac.core.outcome import Ending, Outcome
from celeriac.current import Context
from celeriac.wire import envelope, serializers

from .exception_info import ExceptionInfo
from .faces import AppFace, FollowUp
from .opening import REFUSALS, Opener
from .plan import Plan, make_plan
from .records import Records


class Verdicts:
    """For the process that did not run the task, from the message's bytes. Task handlers are not called here:
    they are the task's code, which may be what killed the process that ran it; signals are sent.
    """

    def __init__(self, app: AppFace, hostname: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._app = app
        conf = app.conf
        enabled, replies = getattr(app.backend, "enabled", True), getattr(app.backend, "replies", False)
        self.records = Records(conf, hostname, clock, bool(enabled), bool(replies))
        self.follow: FollowUp | None = None  # what follows a failure; None: nobody sends it
        self.sender: Any = app  # of task_unknown and task_rejected; a consumer puts itself here
        self.opener = Opener(hostname, serializers.accept_set(conf["accept_content"]))

    def lost(self, raw: bytes, reason: str, *, final: bool) -> Outcome:
        """The process that ran it died. Unless that was its last chance, nothing is stored: it will run again."""
        if not final:
            return Outcome(Ending.LOST, reason=reason, requeue=True)
        return self._failed(raw, Ending.LOST, WorkerLostError(reason), reason)

    def timed_out(self, raw: bytes, limit: float) -> Outcome:
        """Its hard limit had passed, and it was ended."""
        return self._failed(raw, Ending.TIMED_OUT, TimeLimitExceeded(limit), f"hard time limit of {limit} s exceeded")

    def unknown(self, raw: bytes) -> Outcome:
        """No such task is registered here."""
        request = self._request(raw)
        if request is None:
            return Outcome(Ending.REFUSED, reason="it can't be decoded")
        name = str(request.task)
        exc = NotRegistered(name)
        if signals.task_unknown.has_listeners:
            signals.task_unknown.send(sender=self.sender, message=_message(raw), exc=exc, name=name, id=request.id)
        reason = f"no task named {name!r} is registered on this worker"
        return self._outcome(Ending.REFUSED, reason, (request, None), (states.FAILURE, exc))

    def revoked(self, raw: bytes, *, expired: bool = False, terminated: bool = False, signum: Any = None) -> Outcome:
        """It was revoked, or expired, before it ran; or it was ended by request while it ran."""
        word = "expired" if expired else "terminated" if terminated else "revoked"
        request = self._request(raw)
        if request is None:
            return Outcome(Ending.REVOKED, reason=word)
        plan = self._plan(request)
        exc = TaskRevokedError(word)
        if signals.task_revoked.has_listeners:
            signals.task_revoked.send(
                sender=None if plan is None else plan.task,
                request=request,
                terminated=terminated,
                signum=signum,
                expired=expired,
            )
        return self._outcome(Ending.REVOKED, word, (request, plan), (states.REVOKED, exc))

    def refused(self, raw: bytes, exc: BaseException) -> Outcome:
        """Its body can't be decoded or its arguments are none. Whoever waits for the result learns that; `rejected`
        is for the consumer to say."""
        request = self._request(raw)
        reason = f"{type(exc).__name__}: {exc}"
        if request is None:
            return Outcome(Ending.REFUSED, reason=reason)
        return self._outcome(Ending.REFUSED, reason, (request, self._plan(request)), (states.FAILURE, exc))

    def rejected(self, raw: bytes, reason: str) -> None:
        """Tells receivers of task_rejected of a message that was refused here or in an executing process."""
        if not signals.task_rejected.has_listeners:
            return
        exc: BaseException = DecodeError(reason)
        try:
            self.opener(raw, False)
        except REFUSALS as found:
            exc = found
        signals.task_rejected.send(sender=self.sender, message=_message(raw), exc=exc)

    def _failed(self, raw: bytes, ending: Ending, exc: Exception, reason: str) -> Outcome:
        request = self._request(raw)
        if request is None:
            return Outcome(ending, reason=reason)
        plan = self._plan(request)
        if signals.task_failure.has_listeners:
            signals.task_failure.send(
                sender=None if plan is None else plan.task,
                task_id=request.id,
                exception=exc,
                args=request.args,
                kwargs=request.kwargs,
                traceback=None,
                einfo=ExceptionInfo(exc),
            )
        return self._outcome(ending, reason, (request, plan), (states.FAILURE, exc))

    def _outcome(
        self, ending: Ending, reason: str, run: tuple[Context, Plan | None], end: tuple[str, BaseException]
    ) -> Outcome:
        """With what is stored and what is sent because of it."""
        request, plan = run
        record = self._failure(request, plan, *end)
        if self.follow is None or not request.has_followers:
            return Outcome(ending, record, reason=reason)
        followed = self.follow(request, *end)
        return Outcome(ending, record, tuple(followed.posts), reason=reason, sequels=tuple(followed.sequels))

    def _failure(self, request: Context, plan: Plan | None, state: str, exc: BaseException) -> Any:
        if plan is None:
            wanted = self.records.enabled and not request.ignore_result
        else:
            wanted = self.records.wanted(plan, request, failure=True)
        return self.records.failure(request, state, exc, None) if wanted else None

    def _request(self, raw: bytes) -> Context | None:
        """With the arguments if they can be read, else without; None if nothing can."""
        try:
            return self.opener(raw, False)
        except REFUSALS:
            pass  # the body may be what is wrong with it
        try:
            return self.opener.head(raw)
        except REFUSALS:
            return None

    def _plan(self, request: Context) -> Plan | None:
        name = str(request.task)
        task = self._app.tasks.get(name)
        return None if task is None else make_plan(task, name)


def _message(raw: bytes) -> Any:
    """For receivers of signals: the message, or its bytes if it can't be read."""
    try:
        return envelope.decode(raw)
    except DecodeError:
        return raw
