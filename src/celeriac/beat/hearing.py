"""Hears that somebody has changed the schedule, in a thread of its own: the leader then looks at once."""

import threading
from collections.abc import Callable
from typing import Final

from celeriac.core.errors import OperationalError
from celeriac.core.ports import Link

_SLICE: Final = 0.25
_AWAY: Final = 1.0


class Hearing:
    """Calls `told` from its thread. What is told while the broker is away is lost; the leader looks by itself, too."""

    def __init__(self, link: Link, channel: str, told: Callable[[], None]) -> None:
        self._link = link
        self._channel = channel
        self._told = told
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="celeriac-beat-hearing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join(2 * _SLICE + 2.0)

    def _run(self) -> None:
        ear = self._link.listen()
        listening = False
        while not self._end.is_set():
            try:
                if not listening:
                    ear.add([self._channel])
                    listening = True
                if ear.next(_SLICE) is not None:
                    self._told()
            except OperationalError:
                self._told()  # something may have been said meanwhile
                self._end.wait(_AWAY)
        ear.close()
