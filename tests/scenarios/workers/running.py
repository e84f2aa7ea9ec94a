"""The real command as a process whose lines can be awaited: a worker that is ready, or a command that has ended."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from watched import TESTS, Watched, until
from watched import environment as environment_of_tests

__all__ = ["TESTS", "Command", "Process", "run", "until", "worker"]


class Process(Watched):
    """Any program in a folder, in our environment with some changes."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        super().__init__(argv, folder, {**os.environ, **environment})


class Command(Watched):
    """`python -m celeriac ...`."""

    def __init__(self, folder: Path, *words: str, environment: dict[str, str] | None = None) -> None:
        given = {"PYTHONWARNINGS": "default", **(environment or {})}
        super().__init__((sys.executable, "-m", "celeriac", *words), folder, environment_of_tests(**given))


def worker(
    folder: Path, app: str, *options: str, environment: dict[str, str] | None = None, level: str = "INFO"
) -> Command:
    """A worker of `app` that says that it is ready; at higher levels than INFO, one that has shown its banner."""
    command = Command(folder, "-A", app, "worker", "-l", level, *options, environment=environment)
    try:
        command.wait_line(r"\S+@\S+ ready\." if level in ("INFO", "DEBUG") else r"^\[tasks\]")
    except BaseException:
        command.kill()
        raise
    return command


def run(folder: Path, *words: str, environment: dict[str, str] | None = None, seconds: float = 30.0) -> Command:
    """A command that has ended: its exit code is in `process.returncode`."""
    command = Command(folder, *words, environment=environment)
    with command:
        command.wait_end(seconds)
    return command
