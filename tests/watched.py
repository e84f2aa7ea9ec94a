"""A process of a test's own whose lines are read as they come, and can be awaited; nothing waits without an end."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from patience import PACE, stretched, until
from telling import remember, shortened

__all__ = ["PATIENCE", "TESTS", "Watched", "environment", "until"]

TESTS = Path(__file__).resolve().parent
PATIENCE = 40.0  # seconds for what takes one or two on an idle machine


class Watched:
    """Everything it prints is kept in `lines`, and in the file `log` if there is one."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path | None = None
    ) -> None:
        self._changed = threading.Condition()
        self.log = log
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._command = command
        remember(self)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines, open(self.log or os.devnull, "a") as log:
            for line in lines:
                log.write(line)
                log.flush()
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self.heard(line)
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def heard(self, line: str) -> None:
        """Called with every line, in another thread: for subclasses."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def last_words(self) -> tuple[str, Sequence[str]]:
        code = self.process.poll()
        runs = "runs" if code is None else f"ended with code {code}"
        name = self.log.name if self.log else " ".join(self._command[1:])[-60:]
        return f"{name} ({self.pid}, {runs})", self.lines

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_line(self, pattern: str, seconds: float = PATIENCE) -> str:
        """The first line in which the pattern is found, as soon as there is one."""
        return self.lines[self.find(pattern, 0, seconds)]

    def find(self, pattern: str, start: int, seconds: float = PATIENCE) -> int:
        """Its number, from that line on."""
        looks, begin, at = re.compile(pattern), time.monotonic(), start
        with self._changed:
            while True:
                while at < len(self.lines):
                    if looks.search(self.lines[at]):
                        return at
                    at += 1
                waits = self._reader.is_alive() and not PACE.over(begin, seconds)
                assert waits, f"no line with {pattern!r}:\n{self.end_of_text()}"
                self._changed.wait(0.5)  # the reader may have ended without a further line

    def matching(self, pattern: str) -> list[str]:
        """All such lines that have come so far."""
        looks = re.compile(pattern)
        return [line for line in list(self.lines) if looks.search(line)]

    def wait_end(self, seconds: float = PATIENCE) -> int:
        """Its exit code, when everything it printed has been read."""
        try:
            code = self._ended_within(seconds)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"still running after {late.timeout:.0f} s:\n{self.end_of_text()}") from None
        self._reader.join(5)
        return code

    def _ended_within(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.process.wait(stretched(seconds) - seconds)

    def end_of_text(self) -> str:
        """For messages of failures."""
        return "\n".join(shortened(self.lines, 40))

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_end(seconds)

    def kill(self) -> None:
        """kill -9 of this process alone: those that it has started have to notice."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(PATIENCE)
        self._reader.join(5)


def environment(**more: str) -> dict[str, str]:
    """That of the tests, for a process which imports modules of theirs."""
    paths = [str(TESTS), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": ":".join(filter(None, paths)), **more}
