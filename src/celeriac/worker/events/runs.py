"""Events of tasks, made of what the worker's parent knows: nothing is asked of the children for them.

A run's start is told with its end, at the time it had; of one that lasts, it is told while it runs.
"""

import time
from typing import Any, Final

from celeriac.core.outcome import Ending, Outcome
from celeriac.events import words
from celeriac.wire.reprs import reprs

from ..hands import Hand
from .dispatcher import EventDispatcher

LASTING: Final = 0.2  # seconds after which a run's start is told without waiting for its end

_FAILED: Final = frozenset({Ending.RAISED, Ending.TIMED_OUT, Ending.LOST, Ending.REFUSED})


class RunEvents:
    """A witness that tells the dispatcher."""

    def __init__(self, dispatcher: EventDispatcher) -> None:
        self._tell = dispatcher.tell
        self._told: set[int] = set()  # runs whose start was told

    def received(self, hand: Hand) -> None:
        head = hand.head
        args, kwargs = reprs(hand.raw)
        self._tell(
            words.TaskReceived,
            time.time(),
            head.id,
            head.task,
            args,
            kwargs,
            head.root_id,
            head.parent_id,
            head.retries,
            head.eta,
            head.expires,
        )

    def running(self, hand: Hand, seconds: float) -> None:
        """It has run for so long."""
        if seconds >= LASTING and hand.run not in self._told:
            self._told.add(hand.run)
            self._tell(words.TaskStarted, time.time() - seconds, hand.head.id)

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        now, ending = time.time(), outcome.ending
        if hand.run in self._told:
            self._told.discard(hand.run)
        elif ending is not Ending.REFUSED:
            self._tell(words.TaskStarted, now - outcome.runtime, hand.head.id)
        told = self._of(ending, outcome)
        if told is not None:
            kind, *fields = told
            self._tell(kind, now, hand.head.id, *fields)

    def _of(self, ending: Ending, outcome: Outcome) -> tuple[Any, ...] | None:
        if ending is Ending.RETURNED:
            return words.TaskSucceeded, outcome.result, outcome.runtime
        if ending in _FAILED:
            return words.TaskFailed, outcome.reason, outcome.traceback
        if ending is Ending.RETRIED:
            return words.TaskRetried, outcome.reason, outcome.traceback
        if ending is Ending.REJECTED:
            return words.TaskRejected, outcome.requeue
        if ending is Ending.REVOKED:
            return words.TaskRevoked, True, None, False
        return None
