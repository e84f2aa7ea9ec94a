"""Gathering: waiting for many results at once, written once as steps that a sync or an async driver performs."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from celeriac.core.errors import OperationalError
from celeriac.core.states import READY_STATES

from .patience import Patience
from .source import Meta, Wait

CHUNK: Final = 1000  # ids read, or channels entered, in one round trip
# So many channels are listened to at a time, however many results are waited for.
WINDOW: Final = 5000

Pairs = list[tuple[str, Meta]]


class Read(msgspec.Struct, frozen=True):
    """Reply: a payload, or None, for each id."""

    ids: Sequence[str]
    timeout: float


class Listen(msgspec.Struct, frozen=True):
    """From the reply on, nothing said on these channels is missed."""

    channels: Sequence[str]
    timeout: float


class Leave(msgspec.Struct, frozen=True):
    """Nobody waits for these channels any more."""

    channels: Sequence[str]


class Hear(msgspec.Struct, frozen=True):
    """Reply: what was said on the channels, at most so many seconds later; nothing if it stayed quiet."""

    seconds: float


class Pause(msgspec.Struct, frozen=True):
    """Reply: after so many seconds."""

    seconds: float


class GiveUp(msgspec.Struct, frozen=True):
    """The ear is no good any more: the next Listen begins with another."""


class Found(msgspec.Struct, frozen=True):
    """Results that are ready, for whoever waits."""

    pairs: Pairs


Step = Read | Listen | Leave | Hear | Pause | GiveUp | Found
Steps = Generator[Step, Any, None]


class Gathering:
    """The ids still waited for: a window that is listened for, and those behind it, whose turn comes later."""

    def __init__(
        self,
        ids: Iterable[str],
        channel: Callable[[str], str],
        decode: Callable[[bytes], Meta],
        how: Wait,
        listens: bool,
    ) -> None:
        self._later = deque(dict.fromkeys(ids))
        self._total = len(self._later)
        self._window: dict[str, str] = {}  # channel -> id
        self._stale: list[str] = []
        self._channel = channel
        self._decode = decode
        self._how = how
        self._listens = listens

    def describe(self) -> str:
        """Who is missing, for the error of a wait whose time is over."""
        missing = len(self._window) + len(self._later)
        one = next(iter(self._window.values()), None) or next(iter(self._later), "?")
        return f"task {one} was" if missing == self._total == 1 else f"{missing} of {self._total} tasks ({one}) were"

    def steps(self, patience: Patience) -> Steps:
        """Until each is found. Raises TimeoutError; a store that is away is borne as long as the wait allows."""
        while self._later or self._window:
            try:
                yield from self._turn(patience)
            except OperationalError as trouble:
                # What was said meanwhile is lost: all of them are read again.
                self._later.extendleft(reversed(self._window.values()))
                self._window.clear()
                self._stale.clear()
                yield GiveUp()
                yield Pause(patience.pause(trouble))
            if self._later or self._window:
                patience.check()
        if self._stale:
            try:
                yield Leave(self._stale)
            except OperationalError:
                yield GiveUp()  # everything is found: that is no trouble of the caller's

    def _turn(self, patience: Patience) -> Steps:
        if self._later and len(self._window) <= WINDOW - CHUNK:
            yield from self._admit(patience)
            return
        seconds = patience.slice()
        if not self._listens:
            yield Pause(seconds)
            self._quiet()
            yield from self._look(list(self._window.values()), patience)
        elif seconds:
            heard: Sequence[tuple[str, bytes | None]] = yield Hear(seconds)
            yield from self._told(heard, patience)
        else:
            # Messages can be lost: every now and then whoever waits looks for himself.
            yield from self._look(list(self._window.values()), patience)
        if len(self._stale) >= CHUNK:
            stale, self._stale = self._stale, []
            yield Leave(stale)

    def _admit(self, patience: Patience) -> Steps:
        """The next ids: read, and what is not there yet is listened for, and read again."""
        ids = list(islice(self._later, CHUNK))
        missing: list[str] = []
        yield from self._look(ids, patience, missing)
        for _ in ids:
            self._later.popleft()
        if not missing:
            return
        channels = [self._channel(id) for id in missing]
        self._window.update(zip(channels, missing, strict=True))
        if self._listens:
            yield Listen(channels, patience.io_timeout)
            yield from self._look(missing, patience)

    def _told(self, heard: Sequence[tuple[str, bytes | None]], patience: Patience) -> Steps:
        if not heard:
            self._quiet()
        found: Pairs = []
        unsaid: list[str] = []  # some stores only say that there is something to read
        for channel, payload in heard:
            id = self._window.get(channel)
            if id is None:
                continue
            if not payload:
                unsaid.append(id)
            elif (meta := self._ready(payload)) is not None:
                self._met(id)
                found.append((id, meta))
        if found:
            yield Found(found)
        left = [id for id in dict.fromkeys(unsaid) if self._channel(id) in self._window]
        if left:
            yield from self._look(left, patience)

    def _look(self, ids: Sequence[str], patience: Patience, missing: list[str] | None = None) -> Steps:
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            payloads: Sequence[bytes | None] = yield Read(some, patience.io_timeout)
            found: Pairs = []
            for id, payload in zip(some, payloads, strict=True):
                meta = None if payload is None else self._ready(payload)
                if meta is not None:
                    self._met(id)
                    found.append((id, meta))
                elif missing is not None:
                    missing.append(id)
            if found:
                yield Found(found)
        patience.looked()

    def _ready(self, payload: bytes) -> Meta | None:
        meta = self._decode(payload)
        if self._how.on_message is not None:
            self._how.on_message(meta)
        return meta if meta["status"] in READY_STATES else None

    def _met(self, id: str) -> None:
        channel = self._channel(id)
        if self._window.pop(channel, None) is not None and self._listens:
            self._stale.append(channel)

    def _quiet(self) -> None:
        if self._how.on_interval is not None:
            self._how.on_interval()
