"""Which owners of this process hold a lease: here a lease is a connection, and ends with it."""

import threading
import time

from ...core.errors import LeaseLost, OperationalError
from .holding import Given


class Register:
    """Shared by the links of one transport. `lost` keeps why a session broke until somebody has been told."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lost: dict[str, OperationalError] = {}
        self._lock = threading.Lock()
        self.given = Given()

    def begin(self, owner: str, ttl: float) -> None:
        with self._lock:
            self._until[owner] = time.monotonic() + ttl
            self._lost.pop(owner, None)

    def renew(self, owner: str, ttl: float) -> bool:
        with self._lock:
            self._tell(owner)
            if owner not in self._until:
                return False
            self._until[owner] = time.monotonic() + ttl
            return True

    def end(self, owner: str) -> bool:
        with self._lock:
            return self._until.pop(owner, None) is not None

    def broke(self, owner: str, error: OperationalError) -> None:
        """Its connection is gone; whoever uses it next is told so, once."""
        with self._lock:
            if self._until.pop(owner, None) is not None:
                self._lost[owner] = error

    def check(self, owner: str) -> None:
        """Raises what broke the owner's session, or LeaseLost if there is none."""
        with self._lock:
            self._tell(owner)
            until = self._until.get(owner)
        if until is None or until < time.monotonic():
            raise LeaseLost(
                f"The session of worker {owner} at the broker is over: what it had claimed is given to others."
            )

    def holds(self, owner: str) -> bool:
        with self._lock:
            return self._until.get(owner, 0.0) > time.monotonic()

    def lapsed(self) -> list[str]:
        with self._lock:
            now = time.monotonic()
            return [owner for owner, until in self._until.items() if until < now]

    def trouble(self, owner: str) -> None:
        """Raises what broke the owner's session, if something did."""
        with self._lock:
            self._tell(owner)

    def _tell(self, owner: str) -> None:
        error = self._lost.pop(owner, None)
        if error is not None:
            raise error
