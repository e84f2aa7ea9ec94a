"""A worker's log beside real Celery's: one program, every way to speak, every way to set the log up."""

import re
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from scenarios.workers.running import Process

from .fleet import PROGRAMS, PYTHON, SIDES, Side, environment

HOW = ("formats", "kept", "mine", "added", "terminal")
_OWN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}|\(\d{4}\)")


def worker(side: Side, how: str, home: Path) -> Process:
    """One that runs the task as soon as it is ready; no server is needed."""
    given = environment(side, "memory://", {"result_backend": None})
    words = (PYTHON[side], "-m", side, "-A", "logged", "worker", "-l", "INFO", "-n", "w@here", "-c", "1")
    on_terminal = (sys.executable, str(PROGRAMS / "terminal.py")) if how == "terminal" else ()
    return Process((*on_terminal, *words), home, {**given, "LOGGED": how})


@pytest.mark.parametrize("how", HOW)
def test_the_same_lines_are_written(how: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        running = {side: stack.enter_context(worker(side, how, tmp_path)) for side in SIDES}
        told = {side: _told(running[side], side) for side in SIDES}
    assert told["celeriac"] == told["celery"]


def _told(running: Process, side: Side) -> list[str]:
    """All that is to be compared, without what is a moment's own."""
    running.wait_line("That was all", 60)
    running.wait_end(60)
    lines = [_OWN.sub("<time>", line.rstrip("\r")) for line in running.lines if "SAID" in line]
    return [line.replace(side, "LIBRARY") for line in lines]
