"""What one client has received of results: kept until it is read, told to whoever listens, bounded."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from ...core import states
from ...core.errors import BacklogLimitExceeded, DecodeError
from .contents import Arrival, read_header

logger = logging.getLogger("celeriac.results")
_JSON: Final = "application/json"
# What is kept beside the bytes of one result, roughly.
_EACH: Final = 500
MOST_BYTES: Final = 128 << 20
_MOST_DROPPED: Final = 200_000  # so many are remembered as dropped

Sink = Callable[[str, bytes], None]


class Kept(msgspec.Struct, frozen=True, gc=False):
    """One result as it came."""

    payload: bytes
    state: str  # "" where the sender did not say it in the properties
    content_type: str

    def is_success(self) -> bool:
        """Is what came first final? Only looked at when something else comes after it."""
        if self.state or self.content_type != _JSON:
            return self.state == states.SUCCESS
        try:
            return msgspec.json.decode(self.payload, type=_Said).status == states.SUCCESS
        except msgspec.DecodeError:
            return False


class _Said(msgspec.Struct):
    task_id: str = ""
    status: str = ""


class Box:
    """Safe for threads. Read results are dropped first when there is no room, then the oldest."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()  # those of the kept that were read
        self._dropped: OrderedDict[str, None] = OrderedDict()
        self._sinks: dict[str, list[Sink]] = {}
        self._size = 0
        self._warned = False

    def __len__(self) -> int:
        return len(self._kept)

    def receive(self, arrival: Arrival) -> None:
        """A message from the reply queue."""
        try:
            found = read_header(arrival.header)
            content_type = found.get("content_type") or _JSON
            id = found.get("correlation_id") or _id_in(arrival.body, content_type)
        except DecodeError as error:
            logger.warning("A message in the queue of results is none, and is dropped: %s", error)
            return
        self.put(id, Kept(arrival.body, found.get("type") or "", content_type))

    def put(self, id: str, kept: Kept) -> None:
        """A stored SUCCESS is not overwritten."""
        with self._lock:
            before = self._kept.get(id)
            if before is not None:
                if before.is_success():
                    return
                self._remove(id)
            self._dropped.pop(id, None)
            self._kept[id] = kept
            self._size += len(kept.payload) + _EACH
            while self._size > self._most and len(self._kept) > 1:
                self._make_room()
            sinks = tuple(self._sinks.get(id, ()))
        for sink in sinks:
            sink(id, kept.payload)

    def _make_room(self) -> None:
        if self._seen:
            self._remove(next(iter(self._seen)))
            return
        oldest = next(iter(self._kept))
        self._remove(oldest)
        self._dropped[oldest] = None
        if len(self._dropped) > _MOST_DROPPED:
            self._dropped.popitem(last=False)
        if not self._warned:
            self._warned = True
            logger.warning(
                "More than %d MB of results came that nobody has read: the oldest are dropped. Use ignore_result for "
                "tasks whose results are not wanted, or read them.",
                self._most >> 20,
            )

    def _remove(self, id: str) -> bool:
        kept = self._kept.pop(id, None)
        self._seen.pop(id, None)
        if kept is None:
            return False
        self._size -= len(kept.payload) + _EACH
        return True

    def read(self, ids: Sequence[str]) -> tuple[bytes | None, ...]:
        """The payloads, None where nothing has come. Raises BacklogLimitExceeded for one that was dropped."""
        with self._lock:
            found = []
            for id in ids:
                kept = self._kept.get(id)
                if kept is not None:
                    self._seen[id] = None
                elif id in self._dropped:
                    raise BacklogLimitExceeded(
                        f"The result of task {id} came, and was dropped: more than {self._most >> 20} MB of results "
                        "that nobody had read came after it. Use ignore_result for tasks whose results are not wanted."
                    )
                found.append(None if kept is None else kept.payload)
            return tuple(found)

    def forget(self, ids: Iterable[str]) -> None:
        with self._lock:
            for id in ids:
                self._remove(id)
                self._dropped.pop(id, None)

    def listen(self, ids: Iterable[str], sink: Sink) -> None:
        """From now on the sink is told what comes for these; it is called by the thread that reads."""
        with self._lock:
            for id in ids:
                sinks = self._sinks.setdefault(id, [])
                if sink not in sinks:
                    sinks.append(sink)

    def leave(self, ids: Iterable[str], sink: Sink) -> None:
        with self._lock:
            for id in ids:
                sinks = self._sinks.get(id, [])
                if sink in sinks:
                    sinks.remove(sink)
                if not sinks:
                    self._sinks.pop(id, None)


def _id_in(body: bytes, content_type: str) -> str:
    if content_type == _JSON:
        try:
            said = msgspec.json.decode(body, type=_Said)
        except msgspec.DecodeError as error:
            raise DecodeError(str(error)) from error
        if said.task_id:
            return said.task_id
    raise DecodeError("it does not say of which task it is")
