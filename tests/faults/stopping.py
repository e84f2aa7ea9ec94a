"""Lets a process stand still where nobody has to wait for it: a file that it had locked would stay locked."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from patience import until


def stand_still(pid: int, url: str) -> None:
    """SIGSTOP, at a moment when it is not writing to the store."""

    def stands() -> bool:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: _stopped(pid))
        if not url.startswith("sqlite:///") or _can_be_written(url.removeprefix("sqlite:///")):
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    until(stands)


def _stopped(pid: int) -> bool:
    """Every thread of it."""
    states = [_state(task) for task in Path(f"/proc/{pid}/task").iterdir()]
    return all(state in ("T", "") for state in states)


def _state(task: Path) -> str:
    """Empty if it is gone."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _can_be_written(file: str) -> bool:
    with closing(sqlite3.connect(file, timeout=1.0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True
