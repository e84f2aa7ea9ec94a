"""task-sent for what runs send with their ends: retries, callbacks, the next links of chains, bodies of chords."""

from celeriac.core.outcome import Outcome
from celeriac.events.sent import SENT, fields_of
from celeriac.wire.envelope import Head

from ..hands import Hand
from .dispatcher import EventDispatcher


class SentEvents:
    """A witness that is there only with task_send_sent_event, whether or not other events of tasks are wanted."""

    def __init__(self, dispatcher: EventDispatcher) -> None:
        self._dispatcher = dispatcher

    def received(self, hand: Hand) -> None:
        pass

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        self._tell(outcome)

    def discarded(self, head: Head, outcome: Outcome) -> None:
        self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        posts = [*outcome.posts, *(post for sequel in outcome.sequels for post in sequel.posts)]
        for post in posts:
            fields = fields_of(post)
            if fields is not None:
                self._dispatcher.put(SENT, fields)
