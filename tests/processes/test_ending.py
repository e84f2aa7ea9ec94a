"""A process is ended only if it is sure, while it stands still, that it is the right moment."""

import os
import signal
from collections.abc import Iterator

import pytest

from celeriac.process import ending
from patience import until


@pytest.fixture
def child() -> Iterator[int]:
    """A process that only burns time."""
    pid = os.fork()
    if pid == 0:
        while True:
            pass
    yield pid
    ending.send(pid, signal.SIGKILL)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_it_stands_still_while_it_is_looked_at_and_is_ended_if_sure(child):
    seen = []

    def sure() -> bool:
        seen.append(state(child))
        return True

    until(lambda: ending.end_if(child, signal.SIGKILL, sure))
    assert set(seen) <= {"T", "D"}  # D: in the kernel, where it stops before it goes on
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_it_goes_on_if_not_sure(child):
    assert not ending.end_if(child, signal.SIGKILL, lambda: False)
    assert state(child) != "T"


def test_one_that_stood_still_is_left_so_if_not_sure(child):
    os.kill(child, signal.SIGSTOP)
    os.waitpid(child, os.WUNTRACED)
    assert not ending.end_if(child, signal.SIGKILL, lambda: False)
    until(lambda: state(child) == "T", told=lambda: state(child))


def test_one_that_stood_still_is_ended_by_a_signal_it_could_not_feel_stopped(child):
    os.kill(child, signal.SIGSTOP)
    os.waitpid(child, os.WUNTRACED)
    until(lambda: ending.end_if(child, signal.SIGTERM, lambda: True))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM


def test_one_that_is_gone_is_not_ended(child):
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not ending.end_if(child, signal.SIGKILL, lambda: True)
    assert not ending.send(child, signal.SIGTERM)
