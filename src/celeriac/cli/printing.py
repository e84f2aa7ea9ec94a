"""Text for a terminal: tables, ages, and what strangers wrote made harmless."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_KEEP = {ord("\n"): "\n", ord("\t"): "\t"}


def printable(text: object) -> str:
    """One line without control characters: a task's name must not be able to paint on the terminal."""
    return str(text).translate(_CONTROL)


def printable_lines(text: object) -> str:
    """The same for a text of several lines."""
    return str(text).translate({**_CONTROL, **_KEEP})


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they need to be; the last one is not padded."""
    lines = [tuple(head), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def moment(seconds: float) -> str:
    """A Unix time in local time, as people write it."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def plural(count: int, word: str) -> str:
    """3 messages, 1 message."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
