"""The map of a listener: one byte per place, a name's place is its checksum."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

PLACES = 8192
IDLE, WANTED, RUNG = 0, 1, 2  # what a place may say; RUNG: wanted, and a datagram is on its way already
_RUNG_BYTE = bytes((RUNG,))
_OVERFLOW = PLACES  # set by a sender who found the listener's socket full
SIZE = PLACES + 1


def place(name: str) -> int:
    """Two names may share a place: a listener then wakes once in vain."""
    return crc32(name.encode()) % PLACES


class Places:
    """Shared memory of one listener and of all who may wake it."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0)
        descriptor = os.open(path, flags, 0o666)
        try:
            if create:
                os.ftruncate(descriptor, SIZE)
            self.memory = mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)

    @property
    def overflowed(self) -> bool:
        return self.memory[_OVERFLOW] == 1

    @overflowed.setter
    def overflowed(self, value: bool) -> None:
        self.memory[_OVERFLOW] = int(value)

    def close(self) -> None:
        self.memory.close()


class Names:
    """The names a listener waits for, kept in its map; counts names that share a place."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._names: set[str] = set()
        self._counts: dict[int, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._names))

    def add(self, name: str) -> None:
        if name not in self._names:
            self._names.add(name)
            where = place(name)
            self._counts[where] = self._counts.get(where, 0) + 1
            self._places.memory[where] = WANTED

    def listen_again(self) -> None:
        """Places that were rung for may be rung for again. Only bells have such, and few names."""
        memory = self._places.memory
        if memory.find(_RUNG_BYTE, 0, PLACES) >= 0:
            for where in self._counts:
                if memory[where] == RUNG:
                    memory[where] = WANTED

    def discard(self, name: str) -> None:
        if name in self._names:
            self._names.discard(name)
            where = place(name)
            self._counts[where] -= 1
            if not self._counts[where]:
                del self._counts[where]
                self._places.memory[where] = IDLE
