"""Results as plain data, ((id, parent), None) or ((id, parent), [members]), and back."""

from collections.abc import Callable
from typing import Any, Final

# How results are made anew: "task" and "group"; each kind says so where it is defined.
MAKERS: Final[dict[str, Callable[..., Any]]] = {}


class ResultBase:
    """What every kind of result is an instance of."""

    __slots__ = ()

    parent: Any = None


def result_from_tuple(r: Any, app: Any = None) -> Any:
    """The result that as_tuple() made this plain data of; a result is returned as it is, text is a task's id."""
    if isinstance(r, ResultBase):
        return r
    head, nodes = r if isinstance(r, (list, tuple)) else ((r, None), None)
    id, parent = head if isinstance(head, (list, tuple)) else (head, None)
    above = None if parent is None else _chain_of_parents(parent, app)
    if nodes is None:
        return MAKERS["task"](id, app=app, parent=above)
    return MAKERS["group"](id, [result_from_tuple(node, app) for node in nodes], parent=above, app=app)


def _chain_of_parents(r: Any, app: Any) -> Any:
    """The nearest of the parents; made from the farthest on, for a chain may have thousands."""
    line = []
    while r is not None and not isinstance(r, ResultBase):
        head, nodes = r if isinstance(r, (list, tuple)) else ((r, None), None)
        id, above = head if isinstance(head, (list, tuple)) else (head, None)
        line.append(((id, None), nodes))
        r = above
    made = r
    for plain in reversed(line):
        one = result_from_tuple(plain, app)
        one.parent = made
        made = one
    return made
