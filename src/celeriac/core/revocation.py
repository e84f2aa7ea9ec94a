"""Marks: what a revocation names (a task, a group, a workflow by its root, a stamp), as text that a store keeps."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

TASK = "task:"
GROUP = "group:"
ROOT = "root:"
STAMP = "stamp:"


class Revocation(msgspec.Struct, frozen=True):
    """One mark in the store, and for how many seconds more it counts."""

    mark: str
    left: float


class Revoked(msgspec.Struct, frozen=True):
    """Some of what was recorded, oldest first; `version` says how far this reads, `more` that there is more."""

    version: int
    entries: tuple[Revocation, ...] = ()
    more: bool = False


def of_tasks(ids: Iterable[str]) -> list[str]:
    """The marks of single tasks."""
    return [TASK + id for id in dict.fromkeys(ids)]


def of_group(id: str) -> str:
    """The mark of all members of a group."""
    return GROUP + id


def of_root(id: str) -> str:
    """The mark of a workflow: all that was sent on behalf of its first task."""
    return ROOT + id


def of_stamps(headers: Mapping[str, Any]) -> list[str]:
    """One mark for each value of each stamp: a task that carries any of them is meant."""
    return [f"{STAMP}{header}={_text(value)}" for header, values in headers.items() for value in listed(values)]


def listed(value: Any) -> list[Any]:
    """A stamp's value may be one or several."""
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
