"""Log files as entries: Celeriac's and Celery's lines, or JSON objects; what an entry says of a task."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

RECEIVED: Final = "received"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
RETRIED: Final = "retried"
ENDED: Final = "ended"  # without success or failure: ignored, rejected, revoked
BURIED: Final = "buried"  # among the dead letters; what brought it there may have been logged before

# One task that fails in a loop of its own may write without end: what belongs to one entry is kept up to here.
_LONGEST: Final = 2000  # lines

_START: Final = re.compile(r"^\[\d{4}-\d\d-\d\d[^\]]*?: (?P<level>[A-Z]+)(?:/[^\]]*)?\] ?(?P<message>.*)")
_TASK: Final = re.compile(r"^Task (?P<name>[^\s\[]+)\[(?P<id>[^\]]+)\]:? (?P<rest>.*)", re.DOTALL)
# what is worded otherwise, by Celeriac's or by Celery's workers
_WORDED: Final = (
    (re.compile(r"^Discarding revoked task: (?P<name>[^\s\[]+)\[(?P<id>[^\]]+)\]"), ENDED),
    (re.compile(r"^Hard time limit \(.*?\) exceeded for (?P<name>[^\s\[]+)\[(?P<id>[^\]]+)\]"), FAILED),
)
_COLORS: Final = re.compile(r"\x1b\[[0-9;]*m")

# how the words behind a task's id begin -> what they say
_SAID: Final = (
    ("received", RECEIVED),
    ("succeeded in", SUCCEEDED),
    ("has succeeded before", ENDED),
    ("retry:", RETRIED),
    ("raised ", FAILED),
    ("INTERNAL ERROR", FAILED),
    ("hard time limit", FAILED),
    ("is in the dead letters", BURIED),
    ("ignored", ENDED),
    ("reject", ENDED),
)


class Entry(msgspec.Struct, frozen=True):
    """One thing that was logged, with the lines that follow it (a traceback)."""

    text: str
    level: str
    message: str

    @property
    def trace(self) -> str:
        """The lines behind the first."""
        return self.text.partition("\n")[2]


class Step(msgspec.Struct, frozen=True):
    """What an entry says of a task."""

    task: str
    id: str
    said: str  # RECEIVED, SUCCEEDED, FAILED, RETRIED, ENDED or BURIED


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of one file. Lines before the first of them (a worker's banner) belong to none."""
    start: tuple[str, str] | None = None
    block: list[str] = []
    for line in lines:
        found = _begun(line)
        if found is None:
            if start is not None and len(block) < _LONGEST:
                block.append(_plain(line))
            continue
        if start is not None:
            yield _entry(block, *start)
        start, block = found[:2], found[2]
    if start is not None:
        yield _entry(block, *start)


def step(entry: Entry) -> Step | None:
    """None for an entry that is not about a task's way through the worker."""
    found = _TASK.match(entry.message)
    if found is None:
        worded = ((pattern.match(entry.message), what) for pattern, what in _WORDED)
        return next((Step(match["name"], match["id"], what) for match, what in worded if match), None)
    said = next((what for words, what in _SAID if found["rest"].startswith(words)), None)
    return None if said is None else Step(found["name"], found["id"], said)


def _entry(block: list[str], level: str, message: str) -> Entry:
    return Entry("\n".join(block).rstrip("\n"), level, message)


def _begun(line: str) -> tuple[str, str, list[str]] | None:
    """(level, message, lines) if an entry begins here."""
    if line.startswith("{"):
        return _from_json(line)
    plain = _plain(line)
    found = _START.match(plain)
    return None if found is None else (found["level"], found["message"], [plain])


def _from_json(line: str) -> tuple[str, str, list[str]] | None:
    """A line of `--log-json`: what was raised is in the object itself."""
    try:
        document: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("message"), str):
        return None
    raised = document.get("exception")
    lines = [_plain(line), *(raised.splitlines() if isinstance(raised, str) else ())]
    return str(document.get("level", "")), document["message"], lines


def _plain(line: str) -> str:
    return _COLORS.sub("", line.rstrip("\r\n"))
