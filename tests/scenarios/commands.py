"""The real command as a subprocess, in a folder of its own: called and waited for, or running while the test looks."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Self

from watched import PATIENCE, Watched

DEADLINE = 3 * PATIENCE  # of a call: a hang is found soon enough
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


class Running(Watched):
    """A command that is followed line by line: each wait goes on where the last one found what it looked for."""

    def __init__(self, folder: Path, command: list[str], environ: dict[str, str]) -> None:
        super().__init__(command, folder, environ)
        self._at = 0

    @property
    def output(self) -> str:
        """What has been read on to."""
        return "".join(f"{line}\n" for line in self.lines[: self._at])

    @property
    def last(self) -> str:
        """The line that was found last."""
        return self.lines[self._at - 1]

    def wait_for(self, text: str) -> Self:
        """Read on until a line holds this text."""
        self._at = self.find(re.escape(text), self._at) + 1
        return self

    def wait(self) -> int:
        """Its exit code; all that it printed is in `output`."""
        code = self.wait_end()
        self._at = len(self.lines)
        return code

    def stop(self, seconds: float = PATIENCE) -> int:
        self.process.terminate()
        return self.wait()
