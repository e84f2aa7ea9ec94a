"""What a new leader writes into the book: the program's entries as they are now, and none that it no longer has."""

from collections.abc import Mapping
from typing import Any, Final

from celeriac.core.ports.plans import Book, Change

from .plan import PROGRAM, Definition, decoded, encoded, same_timing

# A mark from further in the future than this was made by a clock that is wrong, there or here.
AHEAD: Final = 60_000_000


def changes_for(program: Mapping[str, Any], book: Book, now: int) -> list[Change]:
    """The changes that make the book say what the program says; entries added at run time stay."""
    stored = {plan.name: plan for plan in book.plans}
    changes = []
    for name, entry in program.items():
        data = encoded(entry, PROGRAM)
        plan = stored.get(name)
        if plan is None:
            changes.append(Change(name, definition=data, start=now))
        elif plan.definition != data or plan.mark is None:
            restart = None if _same_times(plan.definition, decoded(data)) else now
            changes.append(Change(name, definition=data, start=now, restart=restart))
    for name, plan in stored.items():
        if name not in program and source_of(plan.definition) == PROGRAM:
            changes.append(Change(name, remove=True))
    return changes


def _same_times(old: bytes, new: Definition) -> bool:
    """Entries with a new schedule count from now: what it would have done before is nothing they have missed."""
    try:
        return same_timing(decoded(old), new)
    except ValueError:
        return False


def source_of(data: bytes) -> str | None:
    """Whose a stored entry is; None if nobody can read it."""
    try:
        return decoded(data).source
    except ValueError:
        return None
