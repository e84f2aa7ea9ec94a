"""A worker as a process of the real command, whose lines can be waited for."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

TESTS = Path(__file__).resolve().parents[2]


class Process:
    """Any program in a folder; everything it prints is kept in `lines`."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self._changed = threading.Condition()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_line(self, pattern: str, seconds: float = 20.0) -> str:
        """The first line in which the pattern is found, as soon as there is one."""
        looks = re.compile(pattern)
        with self._changed:
            self._changed.wait_for(lambda: any(map(looks.search, self.lines)) or self._over(), seconds)
            found = next((line for line in self.lines if looks.search(line)), None)
        assert found is not None, f"no line with {pattern!r}:\n{self.text}"
        return found

    def _over(self) -> bool:
        return not self._reader.is_alive()

    def wait_end(self, seconds: float = 30.0) -> int:
        """Its exit code, when everything it printed has been read."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.text}") from None
        self._reader.join(5)
        return code

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_end(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._reader.join(5)


class Command(Process):
    """`python -m celeriac ...`."""

    def __init__(self, folder: Path, *words: str, environment: dict[str, str] | None = None) -> None:
        paths = [str(TESTS), os.environ.get("PYTHONPATH", "")]
        given = {"PYTHONPATH": ":".join(filter(None, paths)), "PYTHONWARNINGS": "default", **(environment or {})}
        super().__init__((sys.executable, "-m", "celeriac", *words), folder, given)


def worker(
    folder: Path, app: str, *options: str, environment: dict[str, str] | None = None, level: str = "INFO"
) -> Command:
    """A worker of `app` that says that it is ready; at higher levels than INFO, one that has shown its banner."""
    command = Command(folder, "-A", app, "worker", "-l", level, *options, environment=environment)
    try:
        command.wait_line(r"\S+@\S+ ready\." if level in ("INFO", "DEBUG") else r"^\[tasks\]")
    except BaseException:
        command.process.kill()
        command.process.wait()
        raise
    return command


def run(folder: Path, *words: str, environment: dict[str, str] | None = None, seconds: float = 30.0) -> Command:
    """A command that has ended: its exit code is in `process.returncode`."""
    command = Command(folder, *words, environment=environment)
    with command:
        command.wait_end(seconds)
    return command


def until(true: Callable[[], Any], seconds: float = 10.0, told: Callable[[], Any] = lambda: "") -> Any:
    """Look until it is so, and fail when time is up."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"not within {seconds} s: {told()}"
        time.sleep(0.01)
    return found
