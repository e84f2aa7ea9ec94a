"""How many messages a worker should have in hand: its slots, and what they will have used up shortly.

A slot that is free must never wait for the broker, and a message must never wait here while a slot is free
elsewhere. So the window is the number of slots plus what was measured to end within the next moment: with
tasks of microseconds hundreds, with tasks of seconds none.

Where quick and long tasks are mixed, what ended lately tells little of what is next: what was taken ahead is
given back whenever every slot is in a long one, and messages go to and fro between workers. With a broker that
counts how often a message came back, too many rounds would look like a message that kills its workers. There
the window is wary: the moment is halved with every give-back, and doubled again when so many runs have ended
without one.
"""

from typing import Final

_AHEAD: Final = 0.025  # seconds of work to have in hand beyond what runs
_LEAST_AHEAD: Final = _AHEAD / 128
_PROOF: Final = 25  # so many ends without a give-back
_MOST: Final = 1200
_SMOOTH: Final = 0.5
_BITE: Final = 250  # so much is always worth a claim


class Window:
    """Measures the rate of ends and says how much to claim."""

    def __init__(self, slots: int, most: int | None = None) -> None:
        self.slots = slots
        self._most = most  # a fixed bound, if the user set one
        self._rate = 0.0
        self._done = 0
        self._at = 0.0
        self.wary = False  # of giving back
        self._ahead = _AHEAD
        self._ahead_since = 0  # runs that had ended when it was changed
        self.size = slots if most is None else min(slots, most)

    def resize(self, slots: int, most: int | None) -> None:
        """The pool has become larger or smaller."""
        self.slots, self._most = slots, most
        self._begin_anew()

    def measure(self, done: int, now: float) -> None:
        """`done` runs have ended ever, it is `now`."""
        elapsed = now - self._at
        if elapsed < 0.001:
            return
        rate = (done - self._done) / elapsed
        self._done, self._at = done, now
        # Up at once, down by halves: a window too small costs a pause, one too large a give-back.
        self._rate = rate if rate > self._rate else self._rate * _SMOOTH + rate * (1 - _SMOOTH)
        if self._ahead < _AHEAD and done - self._ahead_since >= _PROOF:
            self._ahead, self._ahead_since = min(_AHEAD, self._ahead * 2), done
        size = self.slots + int(self._rate * self._ahead)
        self.size = min(size, _MOST + self.slots if self._most is None else self._most)

    def stalled(self) -> None:
        """What was taken goes back: hold no more than can run."""
        if self.wary:
            self._ahead, self._ahead_since = max(_LEAST_AHEAD, self._ahead / 2), self._done
        self._begin_anew()

    def _begin_anew(self) -> None:
        """As if nothing had ended yet."""
        self._rate = 0.0
        self.size = self.slots if self._most is None else min(self.slots, self._most)

    def room(self, in_hand: int) -> int:
        """How many to claim now; 0: not yet. A free slot is filled at once, the rest in larger bites."""
        room = self.size - in_hand
        if room <= 0:
            return 0
        if in_hand < self.slots or room * 3 >= self.size or room >= _BITE:
            return room
        return 0
