"""The waiting side: a socket and a map of the names it waits for."""

import os
import socket
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import msgspec

from .board import PARCEL, RECORDS, TOLD, result_channel
from .ground import SUPPORTED, Generation, ground
from .places import Names, Places

_MOST = 262_144
_serial = count(1)

_ids = msgspec.msgpack.Decoder(list[str]).decode
_told = msgspec.msgpack.Decoder(tuple[str, bytes]).decode
_parcel = msgspec.msgpack.Decoder(tuple[str, int]).decode

# a payload, or the number of the parcel it is in
Heard = tuple[str, bytes | int]


class Listener:
    """Bound and known to all senders from the start; hears nothing until names are added.

    Without sockets (Windows) it never hears anything: those who wait ask the database now and then.
    """

    def __init__(self, database: Path, *, sockets: bool = SUPPORTED) -> None:
        directory = ground(database)
        self._generation = Generation(directory)
        stem = directory / f"{os.getpid():x}-{next(_serial):x}-{os.urandom(2).hex()}"
        self._files = (stem.with_suffix(".map"), stem.with_suffix(".sock"))
        self.socket = _bound(self._files[1]) if sockets else None
        self._places = Places(self._files[0], create=True)
        self._names = Names(self._places)
        self._closed = False
        self._process = os.getpid()
        self._generation.change()
        if sockets:
            sweep(directory)

    def add(self, names: Iterable[str]) -> None:
        for name in names:
            self._names.add(name)

    def discard(self, names: Iterable[str]) -> None:
        for name in names:
            self._names.discard(name)

    def results(self) -> list[str]:
        """The ids of the records waited for."""
        prefix = result_channel("")
        return [name.removeprefix(prefix) for name in self._names if name.startswith(prefix)]

    def receive(self) -> list[Heard] | None:
        """What one datagram says to us; None if there is none. After an overflow: every result we wait for."""
        if self._places.overflowed:
            return self._missed()
        if self.socket is None:
            return None
        try:
            datagram = self.socket.recv(_MOST)
        except BlockingIOError:
            # Who reads to the end looks for himself after it, so from now on a ring says something new.
            self._names.listen_again()
            return None
        return [heard for heard in _read(datagram) if heard[0] in self._names]

    def _missed(self) -> list[Heard]:
        """Some datagrams found no room. Results can be read again; so each is announced."""
        self._places.overflowed = False
        return [(result_channel(id), b"") for id in self.results()]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self.socket is not None:
            self.socket.close()
        if self._process != os.getpid():  # a forked child's copy: the parent goes on listening
            return
        for path in self._files:
            path.unlink(missing_ok=True)
        self._places.close()
        self._generation.change()
        self._generation.close()


def _bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * _MOST)
        sock.bind(str(path))
    except OSError:
        sock.close()
        raise
    return sock


def _read(datagram: bytes) -> list[Heard]:
    kind, body = datagram[:1], datagram[1:]
    if kind == RECORDS:
        return [(result_channel(id), b"") for id in _ids(body)]
    if kind == TOLD:
        return [_told(body)]
    if kind == PARCEL:
        return [_parcel(body)]
    return []


def sweep(directory: Path) -> None:
    """Clear away the listeners of processes that died: nobody is at the other end of their sockets."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        for path in directory.glob("*.sock"):
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
                path.with_suffix(".map").unlink(missing_ok=True)
            except OSError:  # cleared away by somebody else, or not ours to judge
                continue
    finally:
        probe.close()
