"""Pieces: the later links of a long chain lie in the result store; what travels ends in a marker that says where."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from .kinds import CHAIN, TASK, Options, Tree, kind_of, last_of, listed, made, tasks_of, with_kwargs, with_options

# What stands for the links that are not there. It is the name of no task, so that a worker that does not know of
# pieces refuses it, and stores the failure under the id of the chain's last task: whoever waits for that learns it.
MARKER: Final = "celeriac.rest_of_chain"
# What the last task of the chain says of these, the marker says too: it is the end of the chain to all who only
# look at it.
_OF_THE_END: Final = ("task_id", "group_id", "group_index", "chord", "ignore_result", "link_error", "reply_to")


class Piece(NamedTuple):
    """Links that are to be kept under this id, in the order of a message: the next one is at the end."""

    id: str
    links: list[Any]
    serializer: str | None  # what the call says of it


def is_marker(tree: Tree) -> bool:
    """True for what stands for links in the store."""
    return kind_of(tree) == TASK and tree.get("task") == MARKER


def shortened(
    links: Sequence[Any], limit: int | None, new_id: Callable[[], str], serializer: str | None
) -> tuple[Any, list[Piece]]:
    """The links as they travel, with the pieces that are to be kept. The next link is at the end, as in messages."""
    if limit is None or len(links) - bool(links and is_marker(links[0])) <= limit:
        return links, []
    step = max(limit, 1)
    rest, travelling = (links[:-limit], links[-limit:]) if limit else (links, [])
    cut = [rest[max(end - step, 0) : end] for end in range(len(rest), 0, -step)]  # the first to run comes first
    ids = _ids(new_id(), len(cut))
    markers = [_marker(links[0], ids[number:]) for number in range(len(ids))]
    pieces = [
        Piece(ids[number], [*markers[number + 1 : number + 2], *some], serializer) for number, some in enumerate(cut)
    ]
    return [markers[0], *travelling], pieces


def shortened_options(options: Options, limit: int | None, new_id: Callable[[], str]) -> tuple[Options, list[Piece]]:
    """A call's options, whose chain is as short as it travels."""
    links = options.get("chain")
    if not links:
        return options, []
    travelling, pieces = shortened(links, limit, new_id, options.get("serializer"))
    return ({**options, "chain": travelling} if pieces else options), pieces


def shortened_tree(tree: Tree, limit: int | None, new_id: Callable[[], str]) -> tuple[Any, list[Piece]]:
    """The body of a chord, as the messages of its header carry it."""
    options, pieces = shortened_options(tree.get("options") or {}, limit, new_id)
    if pieces:
        tree = with_options(tree, chain=options["chain"])
    if kind_of(tree) != CHAIN:
        return tree, pieces
    tasks = tasks_of(tree)
    travelling, more = shortened(tasks[:0:-1], limit, new_id, options.get("serializer"))
    if more:
        tree = with_kwargs(tree, tasks=[tasks[0], *reversed(travelling)])
    return tree, [*pieces, *more]


def _ids(base: str, count: int) -> list[str]:
    return [f"{base}.{number}" for number in range(count)]


def _marker(end: Tree, ids: Sequence[str]) -> dict[str, Any]:
    """Stands for these pieces, the next one first. Its id is that of the chain's last task."""
    said = last_of(end).get("options") or {}
    options = {key: said[key] for key in _OF_THE_END if said.get(key) is not None}
    base, _, first = ids[0].rpartition(".")
    where = {"pieces": base, "first": int(first), "count": len(ids)}
    return {**made(MARKER, None, where, options), "immutable": True}


def ids_of(marker: Tree) -> list[str]:
    """The pieces that are left, the next one first."""
    where = marker["kwargs"]
    return _ids(where["pieces"], where["first"] + where["count"])[where["first"] :]


def next_of(marker: Tree, links: list[Any]) -> tuple[Any, list[Any]]:
    """(what runs next, the links after it): what was to follow the marker follows what it stands for."""
    after = listed((marker.get("options") or {}).get("chain"))
    return links[-1], [*after, *links[:-1]]
