"""The directory in which listeners are found: `FILE-wake`, or a shorter one if sockets need it."""

import hashlib
import mmap
import os
import socket
import tempfile
from pathlib import Path

from celeriac.core.errors import OperationalError

_LONGEST = 107 - 24  # a socket's path holds 107 bytes; names of listeners take up to 24
SUPPORTED = hasattr(socket, "AF_UNIX")


def ground(database: Path) -> Path:
    """The same directory for every process that opened the same file, made if need be."""
    beside = Path(f"{database}-wake")
    if len(os.fsencode(beside)) <= _LONGEST:
        return _made(beside)
    state = database.stat()
    key = f"{os.path.realpath(database)} {state.st_dev} {state.st_ino}"
    # Not TMPDIR first: processes with different ones must still meet, and it may be too long itself.
    folder = "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108 - owner checked below
    short = Path(folder) / f"celeriac-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    made = _made(short)
    if made.stat().st_uid not in (os.getuid(), state.st_uid, 0):
        raise OperationalError(f"{short} belongs to another user: remove it, or give the database a shorter path.")
    return made


def _made(directory: Path) -> Path:
    try:
        directory.mkdir(exist_ok=True)
    except OSError as error:
        raise OperationalError(
            f"Can't create {directory}, in which waiting processes are woken: {error.strerror}. "
            "Check the permissions of the database's directory."
        ) from error
    return directory


class Generation:
    """A word in shared memory that changes whenever a listener comes or goes; reading it is no system call."""

    def __init__(self, directory: Path) -> None:
        descriptor = os.open(directory / "generation", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            os.ftruncate(descriptor, 8)
            self._memory = mmap.mmap(descriptor, 8)
        finally:
            os.close(descriptor)

    def read(self) -> bytes:
        return self._memory[:8]

    def change(self) -> None:
        """A random word: two who change it at once can't cancel each other."""
        self._memory[:8] = os.urandom(8)

    def close(self) -> None:
        self._memory.close()
