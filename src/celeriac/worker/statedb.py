"""The state file (--statedb): what a worker knows to be revoked, and its clock, for brokers that remember neither."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any, Final

import msgspec

from celeriac.core.clock import Clock
from celeriac.core.errors import ImproperlyConfigured

from .revoked import Revoked

logger = logging.getLogger("celeriac.worker")

_SAVE_AFTER: Final = 1.0  # seconds: what comes together is written together


class Saved(msgspec.Struct, tag_field="file", tag="celeriac-worker-state"):
    """What is in the file: marks with the moment (Unix seconds) until which they count."""

    clock: int
    revoked: list[tuple[str, float]]


class StateFile:
    """Read at the start, written a moment after each change and at the end, always as a whole."""

    def __init__(self, path: str, revoked: Revoked, lamport: Any, clock: Clock) -> None:
        self.path = Path(path)
        self._revoked = revoked
        self._lamport = lamport
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Raises ImproperlyConfigured for a file of something else, or one that can't be read."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as exc:
            raise ImproperlyConfigured(f"worker_state_db: {self.path} can't be read: {exc.strerror}") from exc
        if content:
            self._take_over(content)
        self._revoked.on_change = self._changed

    def _take_over(self, content: bytes) -> None:
        try:
            saved = msgspec.json.decode(content, type=Saved)
        except msgspec.MsgspecError as exc:
            raise ImproperlyConfigured(
                f"worker_state_db: {self.path} is no state file of Celeriac (was it written by Celery?): "
                "name another file, or remove this one"
            ) from exc
        now = self._clock.now()
        for mark, end in saved.revoked:
            if end > now:
                self._revoked.add((mark,), end - now)
        self._lamport.adjust(saved.clock)

    def _changed(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SAVE_AFTER, self._save_soon)

    def _save_soon(self) -> None:
        self._timer = None
        self._saving = asyncio.create_task(self.save())

    async def save(self) -> None:
        """Beside the event loop, for a disk may be slow."""
        await asyncio.to_thread(self._write, self._content())

    def _content(self) -> bytes:
        now = self._clock.now()
        entries = [(mark, now + left) for mark, left in self._revoked.entries()]
        return msgspec.json.encode(Saved(self._lamport.value, entries))

    def _write(self, content: bytes) -> None:
        passing = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            passing.write_bytes(content)
            os.replace(passing, self.path)
        except OSError as exc:
            logger.warning("The state file %s can't be written: %s", self.path, exc)

    async def close(self) -> None:
        self._revoked.on_change = lambda: None
        if self._timer is not None:
            self._timer.cancel()
        if self._saving is not None:
            await self._saving
        await self.save()
