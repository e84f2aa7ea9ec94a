"""Plug-ins: what installed distributions offer under an entry-point group."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.near import near

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def entry_points(group: str) -> Mapping[str, "EntryPoint"]:
    """The entry points of a group by name."""
    # Costs tens of milliseconds, and a program that only imports its tasks never needs it.
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=group)}


def load(group: str, name: str, what: str) -> Any:
    """The object behind one entry point; `what` says in an error what it was wanted for."""
    points = entry_points(group)
    point = points.get(name) or points.get(name.partition("+")[0])
    if point is None:
        known, meant = ", ".join(sorted(points)) or "none", near(name, points)
        advice = f"; did you mean {meant!r}?" if meant else ""
        raise ImproperlyConfigured(f"{what}: this installation has no {name!r} (it has: {known}){advice}")
    try:
        return point.load()
    except ImportError as exc:
        extra = point.module.rpartition(".")[2]
        advice = f": pip install 'celeriac[{extra}]'" if point.module.startswith("celeriac.") else ""
        raise ImproperlyConfigured(f"{what} needs a library that can't be imported ({exc}){advice}") from exc
