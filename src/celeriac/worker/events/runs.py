"""Events of tasks, made of what the worker's parent knows: nothing is asked of the children for them.

A run's start is told with its end, at the time it had; of one that lasts, it is told while it runs.
"""

import time
from typing import Any, Final

import msgspec

from celeriac.core.errors import NotRegistered, TimeLimitExceeded, WorkerLostError
from celeriac.core.outcome import Ending, Outcome
from celeriac.core.record import Record
from celeriac.events import words
from celeriac.execution.texts import safe_repr
from celeriac.wire.envelope import Head

from ..hands import Hand, Hands
from .dispatcher import EventDispatcher
from .notes import Ran, Received

_RETURNED: Final = Ending.RETURNED
_now: Final = time.time
LASTING: Final = 0.2  # seconds after which a run's start is told without waiting for its end


class RunEvents:
    """A witness that tells the dispatcher of tasks, but for those of these names."""

    def __init__(self, dispatcher: EventDispatcher, silent: frozenset[str] = frozenset()) -> None:
        self._note = dispatcher.outbox.note
        self._tell = dispatcher.tell
        self._silent = silent
        self._told: set[int] = set()  # runs whose start was told

    def received(self, hand: Hand) -> None:
        head = hand.head
        if head.task not in self._silent:
            self._note(Received(_now(), head))

    def running(self, hand: Hand, seconds: float) -> None:
        """It has run for so long."""
        if seconds >= LASTING and hand.run not in self._told and hand.head.task not in self._silent:
            self._told.add(hand.run)
            self._tell(words.TaskStarted, _now() - seconds, hand.head.id)

    def forget(self, hands: Hands) -> None:
        """Of those that were taken away without an end, nothing is remembered."""
        gone = [run for run in self._told if hands.get(run) is None]
        self._told.difference_update(gone)

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        head = hand.head
        if head.task in self._silent:
            return
        if outcome.ending is _RETURNED and hand.run not in self._told:
            result = outcome.result or _result_in(outcome.record)
            self._note(Ran(_now(), head.id, result, outcome.runtime))
            return
        now, ending = _now(), outcome.ending
        if hand.run in self._told:
            self._told.discard(hand.run)
        elif ending is not Ending.REFUSED:
            self._tell(words.TaskStarted, now - outcome.runtime, head.id)
        if ending is Ending.REVOKED:
            self._tell(words.TaskRevoked, now, head.id, True, hand.signal or None, False)
        elif ending is Ending.TIMED_OUT:
            reason = repr(TimeLimitExceeded(hand.limit)) if hand.limit else outcome.reason
            self._tell(words.TaskFailed, now, head.id, reason, outcome.traceback)
        else:
            self._end(now, head, outcome)

    def discarded(self, head: Head, outcome: Outcome) -> None:
        if head.task in self._silent:
            return
        if outcome.ending is Ending.REVOKED:
            self._tell(words.TaskRevoked, _now(), head.id, False, None, outcome.reason == "expired")
        elif outcome.ending is Ending.REFUSED:  # no such task is here
            self._tell(words.TaskFailed, _now(), head.id, f"{NotRegistered.__name__}({head.task!r})", None)
        else:
            self._end(_now(), head, outcome)

    def _end(self, now: float, head: Head, outcome: Outcome) -> None:
        ending = outcome.ending
        if ending is _RETURNED:
            result = outcome.result or _result_in(outcome.record)
            self._tell(words.TaskSucceeded, now, head.id, result, outcome.runtime)
        elif ending is Ending.LOST:
            if not outcome.requeue:
                self._tell(words.TaskFailed, now, head.id, repr(WorkerLostError(outcome.reason)), outcome.traceback)
        elif ending in (Ending.RAISED, Ending.REFUSED):
            self._tell(words.TaskFailed, now, head.id, outcome.reason, outcome.traceback)
        elif ending is Ending.RETRIED:
            self._tell(words.TaskRetried, now, head.id, outcome.reason, outcome.traceback)
        elif ending is Ending.REJECTED:
            self._tell(words.TaskRejected, now, head.id, outcome.requeue)


class _Result(msgspec.Struct, gc=False):
    result: Any


_read = msgspec.json.Decoder(_Result).decode


def _result_in(record: Record | None) -> str:
    """The result of a run whose process was not asked for its text, for it began before events were wanted."""
    if record is None:
        return ""
    try:
        return str(safe_repr(_read(record.payload).result, 1024))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""  # it is not in JSON, and unpickling is not for the process that talks to the broker
