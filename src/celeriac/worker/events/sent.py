"""task-sent for what runs send with their ends: retries, callbacks, the next links of chains, bodies of chords."""

import time

from celeriac.core.outcome import Outcome
from celeriac.events.sent import fields_of
from celeriac.events.words import TaskSent
from celeriac.wire.envelope import Head

from ..hands import Hand
from .dispatcher import EventDispatcher


class SentEvents:
    """A witness that is there only with task_send_sent_event, whether or not other events of tasks are wanted."""

    def __init__(self, dispatcher: EventDispatcher) -> None:
        self._tell_of = dispatcher.tell

    def received(self, hand: Hand) -> None:
        pass

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        if outcome.posts or outcome.sequels:
            self._tell(outcome)

    def discarded(self, head: Head, outcome: Outcome) -> None:
        self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        now = time.time()
        for post in (*outcome.posts, *(post for sequel in outcome.sequels for post in sequel.posts)):
            fields = fields_of(post)
            if fields is not None:
                self._tell_of(TaskSent, now, *fields)
