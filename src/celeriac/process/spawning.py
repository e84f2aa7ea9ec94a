"""Children that start from a fresh interpreter: the zygote forks them and they exec at once."""

import os
import socket
import sys
from collections.abc import Callable, Sequence

from .files import open_unnamed, read_all
from .forking import ChildMain

# (index, report descriptor) -> the bytes that tell the new interpreter what it is
Specify = Callable[[int, int], bytes]


def exec_child(program: Sequence[str], specify: Specify, keep: Sequence[int]) -> ChildMain:
    """A child main that becomes `python -m program <descriptor of its specification>`.

    What it inherits are the descriptors in `keep` and its report socket, under the same numbers.
    """

    def main(index: int, report: socket.socket) -> None:
        spec = open_unnamed(specify(index, report.fileno()), "celeriac-child")
        for fd in (*keep, report.fileno(), spec):
            os.set_inheritable(fd, True)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", *program, str(spec)])  # noqa: S606 - no shell is wanted

    return main


def read_spec(argument: str) -> bytes:
    """In the new interpreter: the specification's bytes."""
    return read_all(int(argument))


def adopt(*fds: int) -> None:
    """What was inherited here is not passed on to programs that tasks start."""
    for fd in fds:
        os.set_inheritable(fd, False)
