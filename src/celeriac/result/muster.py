"""The muster: which members of a set are complete, as the ends of their tasks become known one by one."""

from collections.abc import Sequence
from typing import Any

from celeriac.core import states

from .outcome import raise_if_failed
from .source import Meta
from .tree import leaves

Arrival = tuple[int, Any]  # the member's place in the set, and the member


class Muster:
    """Counts down the tasks of each member, which may be a set itself. With `propagate`, a failure raises at once."""

    def __init__(self, members: Sequence[Any], propagate: bool) -> None:
        self._members = members
        self._propagate = propagate
        self._missing: list[int] = []  # by member: how many of its tasks are not known to have ended
        self._owners: dict[str, list[tuple[int, Any]]] = {}
        self.sources: dict[int, tuple[Any, list[str]]] = {}  # whom to ask for whom
        self._complete: list[Arrival] = []
        self._ended: list[Any] = []  # tasks that are known to have ended from the start
        for place, member in enumerate(members):
            self._missing.append(self._count(place, member))
            if not self._missing[place]:
                self._complete.append((place, member))

    def _count(self, place: int, member: Any) -> int:
        missing = 0
        for leaf in leaves((member,)):
            if leaf.ignored:
                continue  # nothing will ever be stored
            if leaf._cache is not None:
                self._ended.append(leaf)
                continue
            missing += 1
            owners = self._owners.setdefault(leaf.id, [])
            owners.append((place, leaf))
            if len(owners) == 1:
                backend = leaf.backend
                self.sources.setdefault(id(backend), (backend, []))[1].append(leaf.id)
        return missing

    def known(self) -> list[Arrival]:
        """The members that are complete from the start."""
        if self._propagate:
            for leaf in self._ended:
                raise_of(leaf)
        return self._complete

    def met(self, task_id: str, meta: Meta) -> list[Arrival]:
        """A task has ended: the members that are complete by it."""
        arrived = []
        leaf = None
        for place, leaf in self._owners.get(task_id, ()):
            leaf._keep(meta)
            self._missing[place] -= 1
            if not self._missing[place]:
                arrived.append((place, self._members[place]))
        if self._propagate:
            raise_of(leaf)
        return arrived


def value_of(member: Any, propagate: bool = False) -> Any:
    """What a complete member came to: a task's result, or the list of those of a set."""
    inner = getattr(member, "results", None)
    if inner is not None:
        return [value_of(one, propagate) for one in inner]
    if member.ignored:
        return None
    if propagate:
        raise_of(member)
    return member._cache["result"]


def meta_of(member: Any) -> Any:
    """The document of a task that has ended; of a set, its members."""
    inner = getattr(member, "results", None)
    if inner is not None:
        return inner
    if member._cache is not None:
        return member._cache
    return {"status": states.PENDING, "result": None, "traceback": None, "children": None, "task_id": member.id}


def raise_of(leaf: Any) -> None:
    """Raise what the task raised, if it did."""
    meta = leaf._cache
    if meta is not None and meta["status"] in states.PROPAGATE_STATES:
        remote = getattr(leaf.app.conf, "task_remote_tracebacks", False)
        raise_if_failed(meta["result"], meta.get("traceback"), remote)
