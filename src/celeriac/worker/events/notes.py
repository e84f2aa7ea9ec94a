"""Notes: what is to be told of tasks, put down in the middle of the worker's work, and spelled out a page at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from celeriac.events.words import AnyEvent, Event, TaskReceived, TaskStarted, TaskSucceeded
from celeriac.wire.envelope import Head


class Received(msgspec.Struct, frozen=True, gc=False):
    """A task was taken in."""

    at: float
    head: Head


class Ran(msgspec.Struct, frozen=True, gc=False):
    """A run that was short has returned: both its start and its end are to be told."""

    at: float
    id: str
    result: str
    runtime: float


class Told(msgspec.Struct, frozen=True, gc=False):
    """Anything else: the kind of event, when, and its own fields."""

    kind: type[Event]
    at: float
    fields: tuple[Any, ...]


Note = Received | Ran | Told | dict[str, Any]  # a dict: an event of a program's own


class Node:
    """Who tells: what all events of one worker have in common."""

    def __init__(self, hostname: str, pid: int, offset: int, tick: Callable[[int], int]) -> None:
        self.hostname = hostname
        self.pid = pid
        self.offset = offset  # hours behind UTC
        self.tick = tick  # moves the logical clock on

    def spelled(self, notes: Sequence[Note]) -> list[AnyEvent]:
        """The events, in their order, which their clocks tell too."""
        host, offset, pid = self.hostname, self.offset, self.pid
        most = 2 * len(notes)
        clock = self.tick(most) - most
        found: list[AnyEvent] = []
        add = found.append
        for note in notes:
            clock += 1
            if isinstance(note, Ran):
                at, id = note.at, note.id
                add(TaskStarted(host, offset, pid, clock, at - note.runtime, id))
                clock += 1
                add(TaskSucceeded(host, offset, pid, clock, at, id, note.result, note.runtime))
            elif isinstance(note, Received):
                head = note.head
                add(
                    TaskReceived(
                        host,
                        offset,
                        pid,
                        clock,
                        note.at,
                        head.id,
                        head.task,
                        head.argsrepr,
                        head.kwargsrepr,
                        head.root_id,
                        head.parent_id,
                        head.retries,
                        head.eta,
                        head.expires,
                    )
                )
            elif isinstance(note, Told):
                add(note.kind(host, offset, pid, clock, note.at, *note.fields))
            else:
                add(note if note["clock"] is None else {**note, "clock": clock})
        return found
