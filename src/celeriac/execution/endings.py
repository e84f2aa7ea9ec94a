"""The ways a run ends, each a list of steps: record, handlers, signal, log; the Outcome says what remains to do."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from celeriac.core import signals, states
from celeriac.core.errors import Ignore, Reject, Retry, Terminated, WorkerShutdown, WorkerTerminate
from celeriac.core.join import OpenJoin, Sequel
from celeriac.core.message import Post
from celeriac.core.outcome import Ending, Outcome
from celeriac.core.record import Record
from celeriac.current import Context

from . import texts
from .exception_info import ExceptionInfo
from .faces import FollowUp, Unfinished
from .plan import Plan
from .records import Records
from .texts import safe_repr

# They end more than one run: the worker itself must see them.
NOT_OURS: Final = (WorkerShutdown, WorkerTerminate)

# Looking up an enum's member costs as much as making the outcome.
_RETURNED: Final = Ending.RETURNED
_INFO: Final = logging.INFO
_post_success: Final = signals.task_success
_success_logged: Final = texts.logger.isEnabledFor

Sent = tuple[tuple[Post, ...], tuple[Sequel, ...]]


class Endings:
    """Turns what the body returned or raised into an Outcome; the same for runs and for eager calls."""

    def __init__(self, hostname: str, records: Records, follow: FollowUp | None, strict: bool = False) -> None:
        self._hostname = hostname
        self._records = records
        self._follow = follow
        self._strict = strict  # what handlers raise goes on to the caller (eager runs)
        self.send_results = False  # the outcome says the result's repr, for events

    def returned(self, plan: Plan, request: Context, value: Any, runtime: float) -> Outcome:
        """The body returned. A value that can't be encoded makes it a failure."""
        record = None
        records = self._records
        posts: tuple[Post, ...] = ()
        sequels: tuple[Sequel, ...] = ()
        try:
            if request.outbox or request.has_followers:  # first: the record tells what was sent
                posts, sequels = self._sent(request, states.SUCCESS, value)
            if records.enabled and records.wanted(plan, request):
                record = records.success(request, value)
        except Unfinished:
            raise
        except Exception as exc:  # noqa: BLE001
            return self.failed(plan, request, exc)
        if plan.on_success is not None:
            self._call(plan, request, "on_success", plan.on_success, value, request.id, request.args, request.kwargs)
        if _post_success.has_listeners:
            _post_success.send(sender=plan.task, result=value, runtime=runtime)
        text = ""
        logged = _success_logged(_INFO)
        if self.send_results or logged:
            text = safe_repr(value, plan.longest_repr)
        if logged:
            self._log_success(plan, request, text, runtime)
        if plan.after_return is not None:
            self._after_return(plan, request, states.SUCCESS, value, None)
        return Outcome(_RETURNED, record, posts, False, "", None, text, runtime, sequels)

    def raised(self, plan: Plan, request: Context, exc: BaseException) -> tuple[str, Outcome]:
        """The body raised: (state, outcome). Exceptions that are not the run's own are raised again."""
        if isinstance(exc, NOT_OURS):
            raise exc
        for kind, end in self._predicates():
            if isinstance(exc, kind):
                return end(plan, request, exc)
        return states.FAILURE, self.failed(plan, request, exc)

    def _predicates(self) -> Sequence[tuple[type[BaseException], Callable[..., tuple[str, Outcome]]]]:
        return (
            (Retry, self._retried),
            (Ignore, self._ignored),
            (Reject, self._rejected),
            (Terminated, self._terminated),
        )

    def failed(self, plan: Plan, request: Context, exc: BaseException) -> Outcome:
        """FAILURE, with everything that goes with it."""
        info = ExceptionInfo(exc)
        record, sent = self._store_failure(plan, request, states.FAILURE, exc, info.traceback)
        if plan.on_failure is not None:
            self._call(
                plan, request, "on_failure", plan.on_failure, exc, request.id, request.args, request.kwargs, info
            )
        self._send_failure(plan, request, info)
        expected = bool(plan.throws) and isinstance(exc, plan.throws)
        self._log(
            plan,
            request,
            logging.INFO if expected else logging.ERROR,
            texts.LOG_FAILURE,
            description="raised expected" if expected else "raised unexpected",
            exc=safe_repr(exc),
            exc_info=None if expected else info.exc_info,
        )
        if plan.after_return is not None:
            self._after_return(plan, request, states.FAILURE, exc, info)
        reason = safe_repr(exc)
        return Outcome(Ending.RAISED, record, sent[0], reason=reason, traceback=info.traceback, sequels=sent[1])

    def _retried(self, plan: Plan, request: Context, retry: Retry) -> tuple[str, Outcome]:
        info = ExceptionInfo(retry)
        cause = retry.exc if retry.exc is not None else retry
        record, sent = self._store_failure(plan, request, states.RETRY, cause, info.traceback)
        if plan.on_retry is not None:
            self._call(
                plan, request, "on_retry", plan.on_retry, retry.exc, request.id, request.args, request.kwargs, info
            )
        if signals.task_retry.has_listeners:
            signals.task_retry.send(sender=plan.task, request=request, reason=retry, einfo=info)
        self._log(plan, request, logging.INFO, texts.LOG_RETRY, exc=safe_str(retry))
        reason = safe_repr(retry.exc)
        outcome = Outcome(
            Ending.RETRIED, record, sent[0], reason=reason, traceback=info.traceback, sequels=sent[1]
        )  # fmt: skip
        return states.RETRY, outcome

    def _ignored(self, plan: Plan, request: Context, exc: Ignore) -> tuple[str, Outcome]:
        self._log(plan, request, logging.INFO, texts.LOG_IGNORED, description="ignored")
        if request.has_followers and not request.outbox:  # else something has taken its place (replace)
            texts.logger.warning(
                "Task %s[%s] ended with Ignore: what was to follow it (callback, chain, body of a chord) never will",
                *(plan.name, request.id),
            )
        posts, sequels = self._sent(request, states.IGNORED, exc)
        return states.IGNORED, Outcome(Ending.IGNORED, None, posts, sequels=sequels)

    def _rejected(self, plan: Plan, request: Context, exc: Reject) -> tuple[str, Outcome]:
        """Refused for good is a failure to whoever waits for the result; to be queued again is no end at all."""
        record = None
        sent: Sent = (tuple(request.outbox or ()), ())
        self._log(plan, request, logging.WARNING, texts.LOG_REJECTED, exc=safe_repr(exc))
        if not exc.requeue:
            record, sent = self._store_failure(plan, request, states.FAILURE, exc, None)
            self._send_failure(plan, request, ExceptionInfo(exc))
        reason = safe_str(exc.reason) if exc.reason is not None else safe_repr(exc)
        requeue = bool(exc.requeue)
        return states.REJECTED, Outcome(Ending.REJECTED, record, sent[0], requeue, reason, sequels=sent[1])

    def _terminated(self, plan: Plan, request: Context, exc: Terminated) -> tuple[str, Outcome]:
        record, sent = self._store_failure(plan, request, states.REVOKED, exc, None)
        if signals.task_revoked.has_listeners:
            signals.task_revoked.send(sender=plan.task, request=request, terminated=True, signum=None, expired=False)
        return states.REVOKED, Outcome(Ending.REVOKED, record, sent[0], reason=safe_str(exc), sequels=sent[1])

    def _store_failure(
        self, plan: Plan, request: Context, state: str, exc: BaseException, traceback: str | None
    ) -> tuple[Record | None, Sent]:
        sent: Sent = ((), ())
        if request.outbox or request.has_followers:
            try:
                sent = self._sent(request, state, exc)
            except Unfinished:
                raise
            except Exception as failed:  # noqa: BLE001
                texts.logger.exception("Task %s[%s]: its callbacks were not sent: %r", plan.name, request.id, failed)
                sent = (tuple(request.outbox or ()), ())
        if self._records.wanted(plan, request, failure=True):
            return self._records.failure(request, state, exc, traceback), sent
        return None, sent

    def _sent(self, request: Context, state: str, value: Any) -> Sent:
        """What goes out with the end: what the run itself sent, then what follows it."""
        posts: tuple[Post, ...] = tuple(request.outbox or ())
        sequels: tuple[Sequel, ...] = ()
        ends = state not in (states.RETRY, states.IGNORED)
        if request.opens or request.keeps or (request.adds and not ends):
            grown = OpenJoin(str(request.group), request.adds)  # if it ends, its part of the join says so
            grows = (grown,) if request.adds and not ends else ()
            sequels = (Sequel((), tuple(request.keeps or ()), tuple(request.opens or ()), grows),)
        if ends and self._follow is not None and request.has_followers:
            followed = self._follow(request, state, value)
            return (*posts, *followed.posts), (*sequels, *followed.sequels)
        return posts, sequels

    def _send_failure(self, plan: Plan, request: Context, info: ExceptionInfo) -> None:
        if signals.task_failure.has_listeners:
            signals.task_failure.send(
                sender=plan.task,
                task_id=request.id,
                exception=info.exception,
                args=request.args,
                kwargs=request.kwargs,
                traceback=info.tb,
                einfo=info,
            )

    def _after_return(self, plan: Plan, request: Context, state: str, value: Any, info: ExceptionInfo | None) -> None:
        self._call(
            plan, request, "after_return", plan.after_return, state, value, request.id, request.args, request.kwargs,
            info,
        )  # fmt: skip

    def _call(self, plan: Plan, request: Context, what: str, handler: Any, *args: Any) -> None:
        """A handler's exception is logged and changes nothing any more; an eager caller gets it."""
        try:
            handler(*args)
        except NOT_OURS:
            raise
        except BaseException as exc:
            if self._strict:
                raise
            info = ExceptionInfo(exc)
            self._log(
                plan,
                request,
                logging.ERROR,
                texts.LOG_HANDLER,
                description=what,
                exc=safe_repr(exc),
                exc_info=info.exc_info,
            )

    def _log_success(self, plan: Plan, request: Context, text: str, runtime: float) -> None:
        self._log(plan, request, _INFO, texts.LOG_SUCCESS, runtime=runtime, return_value=text)

    def _log(self, plan: Plan, request: Context, level: int, words: str, exc_info: Any = None, **facts: Any) -> None:
        logger = texts.logger
        if not logger.isEnabledFor(level):
            return
        facts["id"] = request.id
        facts["name"] = request.shadow or plan.name
        facts["hostname"] = self._hostname
        facts["args"] = request.get("argsrepr")
        facts["kwargs"] = request.get("kwargsrepr")
        logger.log(level, words, facts, exc_info=exc_info, extra={"data": facts})


def safe_str(value: Any) -> str:
    """str() that never raises."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001
        return safe_repr(value)
