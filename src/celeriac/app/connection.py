"""Connection: what is left of Celery's connection objects: look at the address, check that the broker answers."""

import time
from collections.abc import Callable
from typing import Any

from celeriac.core.errors import OperationalError
from celeriac.core.ports import Transport

_PAUSE = 0.2


class Connection:
    """A handle on the app's own connection to its broker: releasing it closes nothing."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def as_uri(self, include_password: bool = False) -> str:
        """The address, passwords masked."""
        return self.transport.describe()

    def check(self, timeout: float = 4.0) -> None:
        """Ask the broker something small. Raises OperationalError if it does not answer in time."""
        assert self.transport.broker is not None
        self.transport.link().run(self.transport.broker.count(("celery",)), timeout)

    def ensure_connection(
        self,
        errback: Callable[[BaseException, float], Any] | None = None,
        max_retries: int | None = None,
        interval_start: float = _PAUSE,
        interval_step: float = _PAUSE,
        interval_max: float = 1.0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> "Connection":
        """Try until the broker answers, `max_retries` times or `timeout` seconds (of neither: 30 s)."""
        tries = 0
        end = time.monotonic() + (timeout if timeout is not None else 30.0)
        while True:
            try:
                self.check(max(0.1, min(4.0, end - time.monotonic())))
                return self
            except OperationalError as exc:
                pause = min(interval_max, interval_start + tries * interval_step)
                tries += 1
                if (max_retries is not None and tries > max_retries) or time.monotonic() + pause >= end:
                    raise
                if errback is not None:
                    errback(exc, pause)
                time.sleep(pause)

    connect = ensure_connection

    @property
    def connected(self) -> bool:
        """True if the broker answers."""
        try:
            self.check()
        except OperationalError:
            return False
        return True

    def release(self) -> None:
        """The connection is the app's: nothing is closed."""

    close = release

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<Connection: {self.as_uri()}>"
