"""Trying: how long the end of a run waits for a result store that is away."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from celeriac.core.clock import SYSTEM_CLOCK, Clock

# How long to go on trying while the result store is away. A message that is not acknowledged goes back to its queue
# then; for one that is, this is the only chance.
_PATIENCE: Final = 60.0
_LONG_PATIENCE: Final = 600.0
ONE_TRY: Final = 5.0
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class Trying:
    """Tries, with pauses between them."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK, pause: Callable[[float], None] = time.sleep) -> None:
        self._monotonic = clock.monotonic
        self._pause = pause

    def tries(self, last_chance: bool) -> Iterator[None]:
        """Once, and then again and again, until patience is at its end."""
        end = self._monotonic() + (_LONG_PATIENCE if last_chance else _PATIENCE)
        pause = _FIRST_PAUSE
        while True:
            yield
            if self._monotonic() + pause >= end:
                return
            self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
