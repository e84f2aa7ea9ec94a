"""Free ports, and waiting for a server to answer on one."""

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable

from patience import PACE

# Below those that the system gives to outgoing connections, one of which may else take it before the server does.
_PORTS = range(12_000, 32_000)
# Processes that run tests side by side have ports of their own: what one is about to use, no other may find free.
_SIDE_BY_SIDE = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_MINE = _PORTS[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SIDE_BY_SIDE :: _SIDE_BY_SIDE]
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody has bound, and that was not given here before."""
    while True:
        port = random.SystemRandom().choice(_MINE)  # tests may have seeded the other one, in several processes alike
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Returns when the server is ready; fails with its exit code, or when time is up."""
    begin = time.monotonic()
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with code {process.returncode} before it was ready")
        if PACE.over(begin, seconds):
            raise RuntimeError(f"{process.args!r} was not ready within {time.monotonic() - begin:.0f} s")
        time.sleep(0.01)
