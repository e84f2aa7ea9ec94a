"""Counting: the end of a chord's part, from the run that ended to what follows its join."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from celeriac.core import states
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import ChordError, OperationalError
from celeriac.core.ids import uuid
from celeriac.core.join import DECLARED, Count, Counted, Part
from celeriac.core.ports import Transport
from celeriac.execution.faces import Unfinished
from celeriac.execution.texts import safe_repr
from celeriac.process import crash
from celeriac.wire import parts

from .trying import ONE_TRY, Trying

logger: Final = logging.getLogger("celeriac.canvas")


class Member(msgspec.Struct, frozen=True):
    """One part of a join: a task that has ended, or that will never run."""

    group: str
    task_id: str
    index: int | None
    chord: Any  # the body's signature, as messages carry it
    adds: int = 0

    @property
    def declared(self) -> bool:
        return bool(self.chord.get(DECLARED))


class Counter:
    """Counts parts for one app."""

    def __init__(self, app: Any, clock: Clock = SYSTEM_CLOCK, pause: Callable[[float], None] = time.sleep) -> None:
        self._app = app
        self._trying = Trying(clock, pause)
        self._atomic: bool | None = None  # not looked yet

    def count(self, member: Member, state: str, value: Any, last_chance: bool) -> tuple[Counted, str]:
        """What counting found, and the owner in whose name. Raises Unfinished while the store is away (not if this
        is the last chance: then it is logged, and the join counts as open), EncodeError for an unwritable result.
        """
        transport: Transport | None = self._app.transports.results
        if transport is None:
            logger.error(
                "Task %s is a part of chord %s, and this worker has no result backend to count it in: the chord's body "
                "will not be called. Set result_backend to that of the program that sent the chord.",
                *(member.task_id, member.group),
            )
            return Counted(Count.OPEN), ""
        if transport.joins is None:
            return Counted(Count.OPEN), ""  # celery.chord_unlock looks after it
        # Where the settlement closes the join, whoever repeats this part may fire in its place at once: it happens
        # once all the same. Elsewhere only one may hold the join, until it is taken for dead.
        owner = member.task_id if self._settles(transport) and not last_chance else uuid()
        backend = self._app.backend
        payload = parts.encode(member.task_id, state, value, backend.serializer, backend.compression)
        part = Part(
            member.group, member.task_id, member.index, payload, owner,
            member.declared, member.adds, backend.join_ttl,
        )  # fmt: skip
        counted = self._brought(transport, part, last_chance)
        crash.point("after_count")
        if counted.state is Count.OVER:
            logger.info("Task %s was counted before: the join of its chord %s is over", part.task_id, part.group)
        return counted, owner

    def _settles(self, transport: Transport) -> bool:
        if self._atomic is None:
            self._atomic = self._app.transports.read.settles(transport)
        return self._atomic

    def _brought(self, transport: Transport, part: Part, last_chance: bool) -> Counted:
        joins = transport.joins
        assert joins is not None
        trouble: object = "another worker is about to start the chord's body"
        for _ in self._trying.tries(last_chance):
            try:
                counted = transport.link().run(joins.part(part), ONE_TRY)
                if counted.state is not Count.TAKEN:
                    return counted
            except OperationalError as exc:
                trouble = exc
        if not last_chance:
            raise Unfinished(f"it could not be counted as a part of chord {part.group}: {trouble}")
        logger.critical(
            "Task %s could not be counted as a part of chord %s, whose body will not be called: %s",
            *(part.task_id, part.group, trouble),
        )
        return Counted(Count.OPEN)

    def saved(self, group: str, last_chance: bool) -> Any:
        """The header's results as its client saved them, or None; Celery's clients do if some of them are groups.

        Raises Unfinished while the store is away; ChordError if this was the last chance.
        """
        trouble: object = None
        for _ in self._trying.tries(last_chance):
            try:
                return self._app.backend.restore_group(group)
            except OperationalError as exc:
                trouble = exc
        text = f"whether the header of chord {group} has groups in it could not be read: {trouble}"
        raise ChordError(text) if last_chance else Unfinished(text)

    def results(self, payloads: Sequence[bytes], saved: Any = None) -> list[Any]:
        """What the body is called with. Raises ChordError if a part has failed or can't be read."""
        backend = self._app.backend
        found: list[tuple[str, Any]] = []
        for payload in payloads:
            try:
                task_id, state, value = parts.decode(payload, backend.serializer, backend.accept)
            except Exception as exc:
                raise ChordError(f"A part can't be read: {exc!r}") from exc
            if state in states.PROPAGATE_STATES:
                raise ChordError(f"Dependency {task_id} raised {safe_repr(value)}") from value
            found.append((task_id, value))
        return [value for _, value in found] if saved is None else _arranged(saved.results, dict(found))


def _arranged(members: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """The values in the places of their tasks, as lists within lists where there are groups within groups."""
    return [
        _arranged(member.results, values) if hasattr(member, "results") else values.get(member.id) for member in members
    ]
