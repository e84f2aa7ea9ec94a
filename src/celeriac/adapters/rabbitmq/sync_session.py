"""An owner's session in sync code: its own connection, from which it gets messages one batch at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...core.message import Queue
from . import methods
from .contents import Arrival
from .holding import Given, Holding
from .line import Line
from .refusals import FAILURES
from .requests import Taken

CLAIMING = 3
GETS = 32


class SyncSession:
    """Used under a lock of its link."""

    def __init__(self, owner: str, line: Line, given: Given) -> None:
        self.line = line
        self.holding = Holding(owner, CLAIMING, given)
        self.channel = line.channel(CLAIMING)

    def pull(self, queues: Sequence[Queue], limit: int, deadline: float) -> list[Taken]:
        found = self.holding.ready(time.time(), {queue.name for queue in queues}, limit)
        for queue in queues:
            while len(found) < limit:
                wanted = min(limit - len(found), GETS)
                answers = [self.line.talk.ask(self.channel, methods.Get(queue=queue.name)) for _ in range(wanted)]
                arrivals = [
                    a for a in (self.line.wait(answer, deadline) for answer in answers) if isinstance(a, Arrival)
                ]
                for arrival in arrivals:
                    self.holding.came("", arrival)
                    found.append(self.holding.take(queue.name, arrival))
                if len(arrivals) < wanted:
                    break
        return found

    def leave(self, innocent: bool) -> None:
        """What is held goes back, in words: then it is back when this returns."""
        try:
            for word in self.holding.return_all(innocent):
                self.line.talk.say(word)
            self.line.wait(self.line.talk.ask(self.channel, methods.Qos(prefetch_count=0)), time.monotonic() + 2.0)
        except FAILURES:
            pass  # then it goes back with the connection
        self.line.close()

    def end(self, endings: Sequence[tuple[str, bool]], deadline: float) -> tuple[bool, ...]:
        ours, words = self.holding.end(endings)
        for word in words:
            self.line.talk.say(word)
        # The answer to a question says that what was said before has been heard.
        self.line.wait(self.line.talk.ask(self.channel, methods.Qos(prefetch_count=0)), deadline)
        return ours
