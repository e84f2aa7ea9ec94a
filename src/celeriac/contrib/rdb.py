"""A debugger inside of a running task, reached with telnet: `from celeriac.contrib import rdb; rdb.set_trace()`."""

import errno
import os
import socket
import sys
from pdb import Pdb
from types import FrameType, TracebackType
from typing import Any, Final, Self

DEFAULT_PORT: Final = 6899
CELERY_RDB_HOST = os.environ.get("CELERIAC_RDB_HOST") or os.environ.get("CELERY_RDB_HOST") or "127.0.0.1"
CELERY_RDB_PORT = int(os.environ.get("CELERIAC_RDB_PORT") or os.environ.get("CELERY_RDB_PORT") or DEFAULT_PORT)
_PORTS: Final = 100
_WAIT: Final = 600.0  # seconds for somebody to come


class Rdb(Pdb):
    """pdb whose terminal is the first connection to its port.

    Whoever connects can run any code in the worker: it listens on this machine alone unless told otherwise.
    """

    def __init__(self, host: str = CELERY_RDB_HOST, port: int = CELERY_RDB_PORT, out: Any = None) -> None:
        out = out or sys.__stderr__
        self._door = _bound(host, port)
        self.host, self.port = self._door.getsockname()[:2]
        print(f"Remote debugger: telnet {self.host} {self.port} (waiting for {_WAIT:.0f} s)", file=out, flush=True)
        self._door.settimeout(_WAIT)
        try:
            self._client, address = self._door.accept()
        except TimeoutError:
            self._door.close()
            raise TimeoutError(f"nobody has come to the remote debugger at {self.host}:{self.port}") from None
        # Two files: one for both would forget lines that came together whenever something is written.
        self._said, self._told = self._client.makefile("r"), self._client.makefile("w")
        super().__init__(completekey="tab", stdin=self._said, stdout=self._told)
        print(f"Remote debugger: {address[0]}:{address[1]} has come", file=out, flush=True)

    def close(self) -> None:
        """Hang up."""
        for handle in (self._said, self._told, self._client, self._door):
            handle.close()

    def do_continue(self, arg: str) -> Any:
        """Hang up and go on."""
        try:
            return super().do_continue(arg)
        finally:
            self.close()

    do_c = do_cont = do_continue

    def do_quit(self, arg: str) -> Any:
        """Hang up and end the task."""
        try:
            return super().do_quit(arg)
        finally:
            self.close()

    do_q = do_exit = do_quit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def _bound(host: str, first: int) -> socket.socket:
    """A door on the first port that is free: each process of a worker may have a debugger."""
    for port in range(first, first + _PORTS):
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            door.bind((host, port))
        except OSError as exc:
            door.close()
            if exc.errno not in (errno.EADDRINUSE, errno.EINVAL):
                raise
            continue
        door.listen(1)
        return door
    raise OSError(f"no port between {first} and {first + _PORTS} is free for the remote debugger (CELERIAC_RDB_PORT)")


def debugger() -> Rdb:
    """A debugger, when somebody has connected."""
    return Rdb()


def set_trace(frame: FrameType | None = None) -> None:
    """Stop here, and wait for somebody to connect."""
    debugger().set_trace(frame or sys._getframe().f_back)
