"""Free ports, and waiting for a server to answer on one."""

import socket
import subprocess
import time
from collections.abc import Callable


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Returns when the server is ready; fails with its exit code, or when time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with code {process.returncode} before it was ready")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} was not ready within {seconds} s")
        time.sleep(0.01)
