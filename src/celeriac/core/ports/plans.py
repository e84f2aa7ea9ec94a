"""The plans port: what is to run when, kept beside the queues, so that a tick is noted and sent in one step."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ..flow import Flow
from ..message import Post


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """How far an entry has come. Moments are whole microseconds since 1970, so that equal ones are equal everywhere."""

    last: int  # the nominal time of the last tick that was dealt with
    ran: int = 0  # when it was last sent; 0 is never
    runs: int = 0
    task_id: str = ""  # of the last run


class Plan(msgspec.Struct, frozen=True):
    """One entry as it is stored: what its owner wrote, whether it is paused, and how far it has come."""

    name: str
    definition: bytes
    paused: bool = False
    mark: Mark | None = None


class Book(msgspec.Struct, frozen=True):
    """All entries of one name; `revision` grows with every change of a definition or a pause."""

    revision: int
    plans: tuple[Plan, ...]


class Change(msgspec.Struct, frozen=True):
    """What is to become of one entry; None leaves a part as it is.

    `start` is the mark of an entry that has none yet; `restart` replaces the `last` of one that has.
    """

    name: str
    remove: bool = False
    definition: bytes | None = None
    paused: bool | None = None
    start: int | None = None
    restart: int | None = None


def changed(plan: Plan | None, change: Change) -> Plan | None:
    """The entry after a change; None if there is none then."""
    if change.remove or (plan is None and change.definition is None):
        return None
    mark = None if plan is None else plan.mark
    if mark is None and change.start is not None:
        mark = Mark(change.start)
    elif mark is not None and change.restart is not None:
        mark = msgspec.structs.replace(mark, last=change.restart)
    definition = change.definition
    if definition is None:
        assert plan is not None
        definition = plan.definition
    paused = (plan is not None and plan.paused) if change.paused is None else change.paused
    return Plan(change.name, definition, paused, mark)


class Tenure(msgspec.Struct, frozen=True):
    """In whose name a leader acts: the lease, its holder and the holder's term."""

    lease: str
    holder: str
    term: int


class Firing(msgspec.Struct, frozen=True):
    """One tick: it counts only if the entry's mark is still the one it follows (`after` is that mark's `last`)."""

    name: str
    after: int
    mark: Mark
    posts: tuple[Post, ...] = ()


class Plans(Protocol):
    """Four operations. A book is the schedule of one app; its leader holds a lease of the same transport.

    An entry has one tick after the other, each named by the one before it. So the same tick can't be
    sent twice, whoever tries: the second finds the mark moved on.
    """

    def load(self, book: str) -> Flow[Book]:
        """Everything there is, in the order of names."""
        ...

    def revision(self, book: str) -> Flow[int]:
        """The revision alone: cheap to ask often. 0 for a book nobody has written in."""
        ...

    def change(self, book: str, changes: Sequence[Change], tenure: Tenure | None = None) -> Flow[int]:
        """Make the changes; returns the new revision. Changes of entries that are not there make nothing, but for
        definitions. With a tenure, raises LeaseLost (and changes nothing) if it is over."""
        ...

    def fire(self, book: str, tenure: Tenure, firings: Sequence[Firing]) -> Flow[tuple[bool, ...]]:
        """Atomically note each tick and publish its posts. False where the entry is gone or its mark has moved:
        then nothing was done. Raises LeaseLost, with nothing done at all, if the tenure is over.

        A post that reaches no queue goes to the dead letters, as it does in a settlement.
        """
        ...


def plans_of(transport: Any) -> Plans | None:
    """The transport's plans, if its technology has them."""
    found: Plans | None = getattr(transport, "plans", None)
    return found
