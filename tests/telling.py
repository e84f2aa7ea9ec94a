"""What a failed test shows of the processes around it: the verdict, and the last lines of its workers and servers."""

import os
import re
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

LINES: Final = 56  # of one failure, all together
_LEAST: Final = 6
_WIDTH: Final = 220
_TROUBLE: Final = ("WARNING", "ERROR", "CRITICAL", "Traceback", "Error:", "[error]", "[warning]")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


class Witness(Protocol):
    """Something that can be asked when a test has failed, even after its own end."""

    def last_words(self) -> tuple[str, Sequence[str]]:
        """What it is called, and its lines."""
        ...

    @property
    def lives(self) -> bool:
        """Is it still at work?"""
        ...


class _Known(NamedTuple):
    witness: Witness
    test: str


_known: deque[_Known] = deque(maxlen=16)


def remember(witness: Witness) -> None:
    """Ask this one if the test fails that runs now (or a later one of the same file, while it is at work)."""
    test = _current()
    for known in list(_known):
        if _file(known.test) != _file(test) and not known.witness.lives:
            _known.remove(known)
    _known.append(_Known(witness, test))


def about(test: str) -> str:
    """What is to be shown for this failed test; empty if nobody knows anything."""
    mine = [known.witness for known in _known if known.test == test or known.witness.lives]
    if not mine:  # what a whole file shares may have ended before its tests look at it
        mine = [known.witness for known in _known if _file(known.test) == _file(test)]
    told: list[str] = []
    for place, witness in enumerate(mine[::-1]):  # the latest first
        room = max(_LEAST, (LINES - len(told)) // (len(mine) - place))
        if LINES - len(told) < _LEAST:
            break
        name, lines = witness.last_words()
        told += [f"--- {name}", *shortened(lines, room - 1)]
    return "\n".join(told)


def shortened(lines: Sequence[str], count: int) -> list[str]:
    """At most so many: half of them the last that speak of trouble, the others the last of all."""
    if len(lines) > count:
        trouble = [number for number, line in enumerate(lines) if any(word in line for word in _TROUBLE)]
        chosen = set(trouble[-(count // 2) :] if count > 1 else ())
        number = len(lines) - 1
        while len(chosen) < count:
            chosen.add(number)
            number -= 1
        lines = [lines[number] for number in sorted(chosen)]
    return [_COLOURS.sub("", line)[:_WIDTH] for line in lines]


def tail(path: Path, size: int = 30_000) -> list[str]:
    """The last lines of a file; none if it is gone."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


def _current() -> str:
    """The test that runs now: pytest says it, and behind it in which of its phases."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def _file(test: str) -> str:
    return test.partition("::")[0]
