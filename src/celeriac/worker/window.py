"""How many messages a worker should have in hand: its slots, and what they will have used up shortly.

A slot that is free must never wait for the broker, and a message must never wait here while a slot is free
elsewhere. So the window is the number of slots plus what was measured to end within the next moment: with
tasks of microseconds hundreds, with tasks of seconds none.
"""

from typing import Final

_AHEAD: Final = 0.025  # seconds of work to have in hand beyond what runs
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
        self.size = slots if most is None else min(slots, most)

    def resize(self, slots: int, most: int | None) -> None:
        """The pool has become larger or smaller."""
        self.slots, self._most = slots, most
        self.stalled()

    def measure(self, done: int, now: float) -> None:
        """`done` runs have ended ever, it is `now`."""
        elapsed = now - self._at
        if elapsed < 0.001:
            return
        rate = (done - self._done) / elapsed
        self._done, self._at = done, now
        # Up at once, down by halves: a window too small costs a pause, one too large a give-back.
        self._rate = rate if rate > self._rate else self._rate * _SMOOTH + rate * (1 - _SMOOTH)
        size = self.slots + int(self._rate * _AHEAD)
        self.size = min(size, _MOST + self.slots if self._most is None else self._most)

    def stalled(self) -> None:
        """Nothing has ended for a while: hold no more than can run."""
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
