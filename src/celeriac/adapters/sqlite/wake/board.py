"""The sender's side: who listens, known without a system call, and datagrams to those whom it concerns."""

import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from .ground import SUPPORTED, Generation, ground
from .places import IDLE, RUNG, WANTED, Places, place

RING = b"q"  # something may be claimed
RECORDS, TOLD, PARCEL = b"r", b"t", b"p"
_IDS_AT_ONCE = 500
_SENT_AT_ONCE = 1024 * 1024  # bytes that may be on their way; the system may allow less
_FULL_WAIT_US = 250_000  # how long `tell` waits for a listener that does not keep up

_encode = msgspec.msgpack.encode


def queue_channel(queue: str) -> str:
    """The name a bell waits for. It can't be a bus channel: those are told apart by their first word."""
    return f"queue/{queue}"


def result_channel(id: str) -> str:
    """The bus channel on which the record of a task is announced."""
    return f"result/{id}"


class _Target:
    """One listener, as a sender sees it."""

    def __init__(self, places: Path) -> None:
        self.files = (places, places.with_suffix(".sock"))
        self.address = str(self.files[1])
        self.places = Places(places)
        self.gone = False

    def wants(self, where: int) -> bool:
        return self.places.memory[where] != IDLE

    def to_ring(self, rings: list[int]) -> list[int]:
        """The places that wait for one of these and were not rung for since their listener looked."""
        return [where for where in rings if self.places.memory[where] == WANTED]

    def mark(self, rings: list[int], word: int) -> None:
        for where in rings:
            self.places.memory[where] = word


class Board:
    """One per process and file. Threads may share it."""

    def __init__(self, database: Path) -> None:
        self.directory = ground(database)
        self._lock = threading.Lock()
        self._seen = b""  # the generation of the file is never empty, so the first look reads the directory
        self._targets: tuple[_Target, ...] = ()
        self._generation = Generation(self.directory)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if SUPPORTED else None
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_AT_ONCE)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", 0, _FULL_WAIT_US))

    def wake(self, queues: Iterable[str], results: Sequence[str]) -> None:
        """After a commit: ring for queues, announce records. Never fails, for what was committed has happened."""
        try:
            targets = self._listeners()
            if targets:
                self._wake(targets, queues, results)
        except (OSError, ValueError):  # closed by another thread, or the directory is gone: listeners look each second
            return

    def _wake(self, targets: tuple[_Target, ...], queues: Iterable[str], results: Sequence[str]) -> None:
        rings = [place(queue_channel(queue)) for queue in queues]
        records = [(place(result_channel(id)), id) for id in results]
        for target in targets:
            if wanting := target.to_ring(rings):
                # Before it is sent: a mark that came later could hide the rings after it.
                target.mark(wanting, RUNG)
                if not self._send(target, RING):
                    target.mark(wanting, WANTED)
            wanted = [id for where, id in records if target.wants(where)]
            for start in range(0, len(wanted), _IDS_AT_ONCE):
                self._send(target, RECORDS + _encode(wanted[start : start + _IDS_AT_ONCE]))

    def tell(self, channel: str, payload: bytes, parcel: int | None) -> int:
        """To everybody who listens on the channel; waits a moment for those whose socket is full. Returns how many do,
        those among them who did not keep up and missed it."""
        where = place(channel)
        datagram = TOLD + _encode((channel, payload)) if parcel is None else PARCEL + _encode((channel, parcel))
        wanting = [target for target in self._listeners() if target.wants(where)]
        if self._socket is None:
            return 0
        for target in wanting:
            self._send(target, datagram, patient=True)
        return sum(not target.gone for target in wanting)

    def close(self) -> None:
        with self._lock:
            targets, self._targets, self._seen = self._targets, (), b""
        for target in targets:
            target.places.close()
        if self._socket is not None:
            self._socket.close()
        self._generation.close()

    def _listeners(self) -> tuple[_Target, ...]:
        """Read again only when the generation says that somebody came or went."""
        now = self._generation.read()
        if now != self._seen:
            with self._lock:
                self._seen = now  # before looking: who comes while we look changes it again
                known = {target.address: target for target in self._targets}
                found = sorted(self.directory.glob("*.map"))
                self._targets = tuple(target for path in found if (target := _open(path, known)) is not None)
        return self._targets

    def _send(self, target: _Target, datagram: bytes, *, patient: bool = False) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.sendto(datagram, 0 if patient else socket.MSG_DONTWAIT, target.address)
        except (ConnectionRefusedError, FileNotFoundError):
            self._bury(target)
            return False
        except OSError:  # its socket is full (or the kernel is short of memory): it looks for itself when it reads
            target.places.overflowed = True
            return False
        return True

    def _bury(self, target: _Target) -> None:
        """Its process died: nobody else would clear it away."""
        target.gone = True
        for path in target.files:
            path.unlink(missing_ok=True)
        self._generation.change()


def _open(path: Path, known: dict[str, _Target]) -> _Target | None:
    target = known.get(str(path.with_suffix(".sock")))
    if target is not None:
        return target
    try:
        return _Target(path)
    except (OSError, ValueError):  # gone, or not complete yet: its owner changes the generation when it is
        return None
