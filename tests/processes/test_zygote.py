"""The forking process: births, deaths and exit codes are told; nothing outlives its parent."""

import faulthandler
import gc
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

from celeriac.process.forking import Born, Died
from celeriac.process.zygote import Zygote
from patience import until

from .driving import PATIENCE

Start = Callable[[Callable[[int, socket.socket], None]], Zygote]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Zygote] = []

    def start(main: Callable[[int, socket.socket], None]) -> Zygote:
        zygote = Zygote(main)
        zygote.start()
        started.append(zygote)
        return zygote

    yield start
    for zygote in started:
        zygote.end()


def told(zygote: Zygote, count: int) -> list[Born | Died]:
    found: list[Born | Died] = []
    while len(found) < count:
        readable, _, _ = select.select([zygote], [], [], PATIENCE)
        assert readable, f"nothing more was told after {found}"
        some = zygote.reports()
        assert some is not None
        found += some
    return found


def test_a_child_is_born_does_its_work_and_its_end_is_told(start):
    zygote = start(lambda index, sock: sock.sendall(b"child %d" % index))
    with zygote.fork(5) as report:
        born, died = told(zygote, 2)
        assert report.recv(100) == b"child 5"
    assert (type(born), born.index) == (Born, 5)
    assert died == Died(5, born.pid, 0)


def test_exit_codes_and_signals_are_told(start):
    def main(index: int, sock: socket.socket) -> None:
        if index == 3:
            faulthandler.disable()
            os.kill(os.getpid(), signal.SIGSEGV)
        raise SystemExit(index)

    zygote = start(main)
    for index in range(4):
        zygote.fork(index).close()
    died = {one.index: one.exitcode for one in told(zygote, 8) if isinstance(one, Died)}
    assert died == {0: 0, 1: 1, 2: 2, 3: -signal.SIGSEGV}


def test_an_exception_is_shown_and_is_exit_code_one(start, capfd):
    zygote = start(lambda index, sock: 1 / 0)
    zygote.fork(0).close()
    assert told(zygote, 2)[1].exitcode == 1
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_children_do_not_die_of_terminal_signals_before_they_have_handlers(start):
    def main(index: int, sock: socket.socket) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            os.kill(os.getpid(), number)
        sock.sendall(b"here")

    zygote = start(main)
    with zygote.fork(0) as report:
        told(zygote, 2)
        assert report.recv(10) == b"here"


def test_the_death_of_the_zygote_is_seen_and_takes_its_children_along(start):
    zygote = start(lambda index, sock: signal.pause())
    zygote.fork(0).close()
    (born,) = told(zygote, 1)
    os.kill(zygote.pid, signal.SIGKILL)
    select.select([zygote], [], [], PATIENCE)
    assert zygote.reports() is None
    with pytest.raises(OSError):
        zygote.fork(1)
    fd = _pidfd(born.pid)
    if fd is not None:
        assert select.select([fd], [], [], PATIENCE)[0]
        os.close(fd)


def _pidfd(pid: int) -> int | None:
    """None if it is gone already."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def test_end_is_safe_to_call_twice_and_leaves_no_zombie(start):
    zygote = start(lambda index, sock: signal.pause())
    pid = zygote.pid
    zygote.end()
    zygote.end()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_a_zygote_that_was_not_started_forks_nothing():
    with pytest.raises(BrokenPipeError):
        Zygote(lambda index, sock: None).fork(0)


def test_a_hundred_children_leave_no_descriptor_behind(start):
    zygote = start(lambda index, sock: None)
    zygote.fork(0).close()
    told(zygote, 2)
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    in_zygote = len(os.listdir(f"/proc/{zygote.pid}/fd"))
    for index in range(100):
        zygote.fork(index).close()
        told(zygote, 2)
    assert len(os.listdir("/proc/self/fd")) <= before
    until(lambda: len(os.listdir(f"/proc/{zygote.pid}/fd")) <= in_zygote)
