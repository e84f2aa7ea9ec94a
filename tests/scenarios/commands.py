"""The real command as a subprocess, in a folder of its own: called and waited for, or running while the test looks."""

import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE = 40.0
CELERIAC = [sys.executable, "-m", "celeriac"]

TASKS = """
import time
from celeriac import Celeriac

app = Celeriac("tasks")

@app.task
def add(x, y):
    return x + y

@app.task
def talk(text):
    print(text)

@app.task
def fail():
    raise ValueError("no such luck")
"""


class Home:
    """A folder with a user's program, and what the shell around it says."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(("CELERI", "CELERY"))}
        if url is not None:
            self.environ.update(CELERIAC_BROKER_URL=url, CELERIAC_RESULT_BACKEND=url)

    def write(self, text: str, name: str = "tasks.py") -> None:
        (self.folder / name).write_text(text)

    def run(self, *words: str, given: str | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Call the command and wait for its end."""
        return subprocess.run(
            [*CELERIAC, *words],
            cwd=self.folder,
            env={**self.environ, **environ},
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def out(self, *words: str, given: str | None = None) -> str:
        """What the command prints; it must succeed."""
        done = self.run(*words, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *words: str, **environ: str) -> "Running":
        """Call the command and go on."""
        return Running(self.folder, [*CELERIAC, *words], {**self.environ, **environ})

    def worker(self, *words: str, **environ: str) -> "Running":
        """A worker of tasks.py that logs at INFO and is ready."""
        return self.start("-A", "tasks", "worker", "-l", "INFO", "-c", "2", *words, **environ).wait_for(" ready.")


class Running:
    """A process whose lines are read as they come."""

    def __init__(self, folder: Path, command: list[str], environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._coming: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line)
        self._coming.put(None)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str) -> Self:
        """Read on until a line holds this text."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                line = self._coming.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"{text!r} did not come in:\n{self.output}"
            self.lines.append(line)
            if text in line:
                return self

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code; what it printed until then is in `output`."""
        code = self.process.wait(DEADLINE)
        while (line := self._coming.get(timeout=DEADLINE)) is not None:
            self.lines.append(line)
        return code

    def stop(self) -> int:
        self.process.terminate()
        return self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        assert self.process.stdout is not None
        self.process.stdout.close()
