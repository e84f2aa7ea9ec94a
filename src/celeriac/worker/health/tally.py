"""The tally: how many runs of each task came to which end, and how long they took."""

from bisect import bisect_left
from typing import Final

from celeriac.core.outcome import Ending, Outcome
from celeriac.wire.envelope import Head
from celeriac.worker.hands import Hand

# upper bounds of the buckets of runtimes, in seconds
BOUNDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0)

ENDS: Final = {
    Ending.RETURNED: "succeeded",
    Ending.RAISED: "failed",
    Ending.RETRIED: "retried",
    Ending.IGNORED: "ignored",
    Ending.REJECTED: "rejected",
    Ending.REVOKED: "revoked",
    Ending.TIMED_OUT: "timed_out",
    Ending.LOST: "lost",
    Ending.REFUSED: "refused",
}


class Runtimes:
    """How the runtimes of one task are spread."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def note(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Tally:
    """A witness that counts."""

    def __init__(self) -> None:
        self.received_count = 0
        self.ends: dict[tuple[str, Ending], int] = {}
        self.runtimes: dict[str, Runtimes] = {}

    def received(self, hand: Hand) -> None:
        self.received_count += 1

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        task = hand.head.task
        key = task, outcome.ending
        self.ends[key] = self.ends.get(key, 0) + 1
        if outcome.runtime:
            runtimes = self.runtimes.get(task)
            if runtimes is None:
                runtimes = self.runtimes[task] = Runtimes()
            runtimes.note(outcome.runtime)

    def discarded(self, head: Head, outcome: Outcome) -> None:
        key = head.task, outcome.ending
        self.ends[key] = self.ends.get(key, 0) + 1
