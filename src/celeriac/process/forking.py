"""The forking process from within: forks a child per request, waits for them, tells the parent of both."""

import array
import contextlib
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Final, NoReturn

import msgspec

from .parent_death import die_with_parent

REQUEST: Final = struct.Struct("=I")  # index of the child to be
REPORT: Final = struct.Struct("=BIii")  # kind, index, pid, wait status
BORN: Final = 1
DIED: Final = 2
# A fork that failed for want of memory or processes is told as a death with this exit code (EX_OSERR).
FORK_FAILED: Final = 71
# Terminal and service-manager signals go to every process of the group: only the parent decides what they
# mean. A child, when it is ready, puts its own handlers in place of these.
GROUP_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)

# (index, the child's end of its report socket)
ChildMain = Callable[[int, socket.socket], None]


class Born(msgspec.Struct, frozen=True):
    """A child was forked."""

    index: int
    pid: int


class Died(msgspec.Struct, frozen=True):
    """A child ended: exitcode >= 0, or -signal. Pid 0: it could not even be forked."""

    index: int
    pid: int
    exitcode: int


def serve_for_ever(
    control: socket.socket,
    child_main: ChildMain,
    parent: int,
    on_start: Callable[[], None],
    before_fork: Callable[[], None] = lambda: None,
) -> NoReturn:
    """The zygote's whole life."""
    code = 1
    try:
        die_with_parent(parent)
        for number in GROUP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _leave_terminal()
        on_start()
        _Nursery(control, child_main, before_fork).serve()
        code = 0
    except BaseException:  # noqa: BLE001 - the last frame of a process: tell why it ends
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _leave_terminal() -> None:
    """A task that reads standard input finds its end, instead of stealing what is typed to the worker."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if null:
        os.close(null)


class _Nursery:
    """Forks and reaps, one thing at a time."""

    def __init__(self, control: socket.socket, child_main: ChildMain, before_fork: Callable[[], None]) -> None:
        self._control = control
        self._before_fork = before_fork
        self._child_main = child_main
        self._alive: dict[int, int] = {}  # pid -> index
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        wanted = True
        while wanted or self._alive:
            for fd, _ in poll.poll():
                if fd == self._wake:
                    os.read(self._wake, 4096)
                    self._reap()
                elif not self._serve_request():
                    poll.unregister(self._control)
                    wanted = False

    def _serve_request(self) -> bool:
        """Fork one; False when the parent has closed the socket."""
        space = socket.CMSG_SPACE(array.array("i").itemsize)
        data, ancillary, _, _ = self._control.recvmsg(REQUEST.size, space)
        if not data:
            return False
        fds = array.array("i")
        for _, _, content in ancillary:
            fds.frombytes(content)
        os.set_inheritable(fds[0], False)
        (index,) = REQUEST.unpack(data)
        with socket.socket(fileno=fds[0]) as report:
            self._fork(index, report)
        return True

    def _fork(self, index: int, report: socket.socket) -> None:
        zygote = os.getpid()
        self._before_fork()
        try:
            pid = os.fork()
        except OSError as exc:
            sys.stderr.write(f"celeriac: a child process could not be forked: {exc}\n")
            self._tell(DIED, index, 0, FORK_FAILED << 8)
            return
        if pid == 0:
            self._control.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._wake)
            os.close(self._waker)
            live(lambda: self._child_main(index, report), zygote)
        self._alive[pid] = index
        self._tell(BORN, index, pid, 0)

    def _reap(self) -> None:
        while self._alive:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            index = self._alive.pop(pid, None)
            if index is not None:
                self._tell(DIED, index, pid, status)

    def _tell(self, kind: int, index: int, pid: int, status: int) -> None:
        with contextlib.suppress(ConnectionError):  # the parent is going or gone
            self._control.send(REPORT.pack(kind, index, pid, status))


def live(main: Callable[[], None], parent: int) -> NoReturn:
    """A child's whole life, from its birth to its exit code."""
    code = 1
    try:
        die_with_parent(parent)
        main()
        code = 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 1
    except ConnectionError:
        code = 1  # the parent is gone: nobody is left to tell
    except BaseException:  # noqa: BLE001 - the last frame of a process: tell why it ends
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
