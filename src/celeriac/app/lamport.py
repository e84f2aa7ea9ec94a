"""The logical clock: a number that grows with every event this process sends or hears of."""

import threading


class LamportClock:
    """Orders events of many nodes without looking at the time of day."""

    def __init__(self, initial_value: int = 0) -> None:
        self.value = initial_value
        self._lock = threading.Lock()

    def adjust(self, other: int) -> int:
        """Another node's reading was heard of."""
        with self._lock:
            self.value = max(self.value, other) + 1
            return self.value

    def forward(self, by: int = 1) -> int:
        """Something happened here, or several things: the reading of the last."""
        with self._lock:
            self.value += by
            return self.value

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return f"<LamportClock: {self.value}>"
