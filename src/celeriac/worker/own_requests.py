"""Tasks with a Request class of their own: a witness that tells it of each run."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from celeriac.app.symbols import symbol
from celeriac.core.errors import (
    Ignore,
    ImproperlyConfigured,
    Reject,
    Retry,
    Terminated,
    TimeLimitExceeded,
    WorkerLostError,
)
from celeriac.core.outcome import Ending, Outcome
from celeriac.core.record import Record
from celeriac.execution.exception_info import ExceptionInfo
from celeriac.execution.opening import REFUSALS, Opener
from celeriac.wire import exceptions
from celeriac.wire.envelope import Head

from .hands import Hand, Hands
from .request import Request

logger = logging.getLogger("celeriac.worker.request")

_DEFAULT_STRATEGY: Final = ".worker.strategy:default"


def witnesses(consumer: Any, opener: Opener) -> tuple["OwnRequests", ...]:
    """None, for most programs. Asked once, when the program's modules are imported."""
    classes = _classes(consumer.app)
    if not classes:
        return ()
    witness = OwnRequests(consumer.app, classes, opener, consumer.hands)
    consumer.limits.on_soft = witness.soft_limit
    return (witness,)


def _classes(app: Any) -> dict[str, type[Request]]:
    """By task name, where a program has derived one."""
    found: dict[str, type[Request]] = {}
    for name, task in app.tasks.items():
        cls = symbol(task.Request)
        if not (isinstance(cls, type) and issubclass(cls, Request)):
            raise ImproperlyConfigured(
                f"The Request of task {name} is {task.Request!r}: derive it from celeriac.worker.request:Request."
            )
        if cls is not Request:
            found[name] = cls
        if not str(task.Strategy).endswith(_DEFAULT_STRATEGY):
            logger.warning(
                "Task %s has a Strategy of its own (%r), which is not called: messages are taken in by one way "
                "for all tasks. A Request of its own, task_received, or a bootstep may do what it did.",
                name,
                task.Strategy,
            )
    return found


class OwnRequests:
    """Makes a request when there is something to tell it, and keeps it until its run has ended."""

    def __init__(self, app: Any, classes: dict[str, type[Request]], opener: Opener, hands: Hands) -> None:
        self._app = app
        self._classes = classes
        self._opener = opener
        self._hands = hands
        self._made: dict[int, Request] = {}

    def received(self, hand: Hand) -> None:
        """Nothing to tell yet."""

    def discarded(self, head: Head, outcome: Outcome) -> None:
        """What never ran has no request."""

    def soft_limit(self, hand: Hand, limit: float) -> None:
        self._tell(hand, lambda request: request.on_timeout(True, limit))

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        if hand.head.task not in self._classes:
            return
        if outcome.ending is not Ending.REFUSED:
            begun = time.time() - outcome.runtime
            self._tell(hand, lambda request: request.on_accepted(None, begun))
        self._tell(hand, _teller(hand, outcome))
        self._made.pop(hand.run, None)

    def _tell(self, hand: Hand, tell: Callable[[Request], Any]) -> None:
        request = self._request(hand)
        if request is None:
            return
        try:
            tell(request)
        except Exception:
            logger.exception(
                "The Request of task %s[%s] raised; the task is not affected", hand.head.task, hand.head.id
            )

    def _request(self, hand: Hand) -> Request | None:
        made = self._made.get(hand.run)
        cls = self._classes.get(hand.head.task)
        if made is not None or cls is None:
            return made
        try:
            whole = self._opener.whole(hand.raw, hand.delivery.redelivered)
        except REFUSALS:
            return None  # its run says so
        made = cls.adopt(whole.__dict__)
        made.app = self._app
        for run in [run for run in self._made if self._hands.get(run) is None]:
            del self._made[run]  # taken away without an end
        self._made[hand.run] = made
        return made


def _teller(hand: Hand, outcome: Outcome) -> Callable[[Request], Any]:
    """What a request is told of an end."""
    ending = outcome.ending
    if ending is Ending.RETURNED:
        # Where results are not stored, nobody was asked for the text of this one.
        result = outcome.result or ("" if outcome.record is None else repr(_stored(outcome.record)))
        return lambda request: request.on_success((False, result, outcome.runtime))
    if ending is Ending.TIMED_OUT:
        return lambda request: request.on_timeout(False, hand.limit)
    info = ExceptionInfo(_raised(hand, outcome), text=outcome.traceback)
    if ending in (Ending.LOST, Ending.REVOKED):
        return lambda request: request.on_failure(info)
    return lambda request: request.on_success((True, info, outcome.runtime))


def _raised(hand: Hand, outcome: Outcome) -> BaseException:
    """The exception, as far as it is known here."""
    ending, reason = outcome.ending, outcome.reason
    if ending is Ending.LOST:
        return WorkerLostError(reason)
    if ending is Ending.TIMED_OUT:
        return TimeLimitExceeded(hand.limit)
    if ending is Ending.REVOKED:
        return Terminated(hand.signal)
    if ending is Ending.RETRIED:
        return Retry(reason)
    if ending is Ending.IGNORED:
        return Ignore()
    if ending is Ending.REJECTED:
        return Reject(reason, requeue=outcome.requeue)
    stored = _stored(outcome.record)
    return (exceptions.from_document(stored) if isinstance(stored, dict) else None) or Exception(reason)


class _Stored(msgspec.Struct, gc=False):
    result: Any


def _stored(record: Record | None) -> Any:
    """The result that is stored, or the document of its exception, if that is JSON: nothing is unpickled here."""
    if record is None:
        return None
    try:
        return msgspec.json.decode(record.payload, type=_Stored).result
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
