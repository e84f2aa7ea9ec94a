"""A process that does nothing but fork: made after the app is imported, before any loop or thread.

Children forked by it cost milliseconds, share the imported app's memory, and inherit no thread, lock or
event loop of the process that talks to the broker. It also waits for them and tells how each ended.
"""

import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable

from .forking import BORN, REPORT, REQUEST, Born, ChildMain, Died, serve_for_ever


class Zygote:
    """The parent's handle of the forking process."""

    def __init__(
        self,
        child_main: ChildMain,
        on_start: Callable[[], None] = lambda: None,
        before_fork: Callable[[], None] = lambda: None,
    ) -> None:
        self._child_main = child_main
        self._on_start = on_start  # called in the zygote: to close what only the parent may hold
        self._before_fork = before_fork  # called in the zygote, each time
        self._near: socket.socket | None = None
        self.pid = 0

    def start(self) -> None:
        """Fork it. Call before any thread or event loop is started."""
        near, far = socket.socketpair(socket.AF_UNIX, _KIND)
        sys.stdout.flush()
        sys.stderr.flush()
        gc.collect()
        gc.freeze()  # what is imported now is shared by all children: keep the collector's marks off it
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            near.close()
            serve_for_ever(far, self._child_main, parent, self._on_start, self._before_fork)
        far.close()
        near.setblocking(False)
        self._near = near

    def fileno(self) -> int:
        """To be watched for reports; -1 when there is nothing to watch."""
        return self._near.fileno() if self._near is not None else -1

    def fork(self, index: int) -> socket.socket:
        """Ask for a child; returns the parent's end of its report socket. OSError: not now, or never again."""
        if self._near is None:
            raise BrokenPipeError("the forking process is not there")
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                socket.send_fds(self._near, [REQUEST.pack(index)], [theirs.fileno()])
        except OSError:
            mine.close()
            raise
        mine.setblocking(False)
        return mine

    def reports(self) -> list[Born | Died] | None:
        """What happened since; None when the zygote itself is gone and all it said is told."""
        found: list[Born | Died] = []
        while self._near is not None:
            try:
                data = self._near.recv(REPORT.size)
            except BlockingIOError:
                return found
            except ConnectionError:
                data = b""
            if not data:
                return found or None
            kind, index, pid, status = REPORT.unpack(data)
            found.append(Born(index, pid) if kind == BORN else Died(index, pid, os.waitstatus_to_exitcode(status)))
        return found or None

    def close(self) -> None:
        """It exits when its children have; kill them first if they must not linger."""
        if self._near is not None:
            self._near.close()
            self._near = None

    def end(self) -> None:
        """Kill it, and with it (parent-death signal) what children are left; returns when it is gone."""
        self.close()
        pid, self.pid = self.pid, 0
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


_KIND = getattr(socket, "SOCK_SEQPACKET", socket.SOCK_DGRAM) if sys.platform != "darwin" else socket.SOCK_DGRAM
