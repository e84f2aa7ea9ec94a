"""A monitor beside a soak: it counts the events it hears."""

from collections import Counter
from typing import Any

from celeriac import Celeriac

from .turning import Turning


class Monitor(Turning):
    """One receiver, which is to hear again after every cut by itself."""

    def __init__(self, app: Celeriac) -> None:
        super().__init__(0.0)
        self.heard: Counter[str] = Counter()
        self._receiver = app.events.Receiver(handlers={"*": self._count})

    def _count(self, event: dict[str, Any]) -> None:
        self.heard[event["type"]] += 1

    def turn(self) -> None:
        self._receiver.capture()

    def stop(self) -> None:
        self._receiver.should_stop = True
        super().stop()
