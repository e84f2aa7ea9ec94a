"""What a step of a flow works with: the connection's execute, the time, and who is to be woken afterwards."""

import sqlite3
from collections.abc import Iterable
from typing import Any


class Session:
    """One transaction, as a step sees it."""

    __slots__ = ("execute", "executemany", "now", "queues", "results")

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.now = now
        self.queues: set[str] = set()  # something may be claimed from these
        self.results: list[str] = []  # records of these ids were stored

    def insert(self, head: str, width: int, rows: list[tuple[Any, ...]], tail: str = "") -> int:
        """Many rows in few statements; returns the last rowid.

        Each statement gives the interpreter lock away once, however many rows it has: with a busy event loop
        beside it, a statement per row would wait for that lock once per row.
        """
        last: int | None = 0
        start = 0
        for size in _SIZES:
            while len(rows) - start >= size:
                values = [value for row in rows[start : start + size] for value in row]
                last = self.execute(_statement(head, width, size, tail), values).lastrowid
                start += size
        return last or 0


_SIZES = (64, 16, 4, 1)
_statements: dict[tuple[str, int, str], str] = {}


def _statement(head: str, width: int, size: int, tail: str) -> str:
    """The same text object each time, so that the connection finds it prepared."""
    key = (head, size, tail)
    text = _statements.get(key)
    if text is None:
        row = "(" + ",".join("?" * width) + ")"
        text = _statements[key] = f"{head} VALUES {','.join([row] * size)} {tail}"
    return text


def number_list(numbers: Iterable[object]) -> str:
    """A JSON array of integers, for `IN (SELECT value FROM json_each(?))`."""
    return f"[{','.join(map(str, numbers))}]"
