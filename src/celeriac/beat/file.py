"""The file in which a scheduler remembers its entries: replaced as a whole, so that no death can leave half of it."""

import contextlib
import os
import time
import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

_HEAD: Final = b"celeriac-schedule 1 "


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far one entry has come: microseconds since 1970, and how often it ran."""

    last: int | None
    runs: int


class Unreadable(Exception):
    """The file is not one of ours, or was cut short or changed."""


class StateFile:
    """`read` and `write` the whole; a process that dies in between leaves the file as it was before."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self._decoder = msgspec.json.Decoder(dict[str, Progress])

    def read(self) -> dict[str, Progress]:
        """What is in the file; nothing if there is none. Raises Unreadable, saying why, and OSError."""
        try:
            with open(self.path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return {}
        head, _, body = data.partition(b"\n")
        if not data.startswith(_HEAD):
            raise Unreadable("it was not written by Celeriac" if data else "it is empty")
        if head[len(_HEAD) :] != _sum(body):
            raise Unreadable("it was cut short or changed")
        try:
            return self._decoder.decode(body)
        except msgspec.DecodeError as error:
            raise Unreadable(str(error)) from error

    def write(self, entries: Mapping[str, Progress]) -> None:
        """Replace the file. Raises OSError, with the old file still there."""
        body = msgspec.json.encode(entries)
        new = f"{self.path}.{os.getpid()}.new"
        try:
            with open(new, "wb") as file:
                file.write(_HEAD + _sum(body) + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(new)
            raise

    def move_aside(self) -> str:
        """Rename what is there, so that nothing is lost; returns the new name."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside = f"{self.path}.unreadable-{stamp}"
        number = 1
        while os.path.exists(aside):
            number += 1
            aside = f"{self.path}.unreadable-{stamp}-{number}"
        os.rename(self.path, aside)
        return aside

    def sweep(self) -> None:
        """Delete what dead processes have left half written."""
        folder, name = os.path.split(self.path)
        with contextlib.suppress(OSError):
            for found in os.listdir(folder):
                pid = found.removeprefix(f"{name}.").removesuffix(".new")
                if found == f"{name}.{pid}.new" and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                    os.unlink(os.path.join(folder, found))


def _sum(body: bytes) -> bytes:
    return f"{zlib.crc32(body):08x} {len(body)}".encode()
