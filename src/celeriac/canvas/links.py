"""Links: callbacks and errbacks of a whole workflow, put where they belong in it."""

from typing import Any

from .kinds import (
    CHORD,
    GROUP,
    TASK,
    Tree,
    Walk,
    body_of,
    changed_at_end,
    header_of,
    kind_of,
    tasks_of,
    walk,
    with_kwargs,
)
from .operators import with_links


def linked(tree: Tree, links: list[Any]) -> Any:
    """A copy that has these callbacks at its end: a group has them at its first member."""
    if not links:
        return tree

    def link(end: Tree) -> Any:
        if kind_of(end) != GROUP:
            return with_links(end, "link", links)
        members = list(tasks_of(end))
        if members:
            members[0] = linked(members[0], [{**one, "immutable": True} for one in links])
        return with_kwargs(end, tasks=members)

    return changed_at_end(tree, link)


def with_errbacks(tree: Tree, errbacks: list[Any], on_header: bool) -> Any:
    """A copy in which every task has these errbacks; of chords the bodies, the headers only if the app wants it."""
    return walk(_with_errbacks(tree, errbacks, on_header)) if errbacks else tree


def _with_errbacks(tree: Tree, errbacks: list[Any], on_header: bool) -> Walk:
    kind = kind_of(tree)
    if kind == TASK:
        return with_links(tree, "link_error", errbacks)
    if kind == CHORD:
        changed = {"body": (yield _with_errbacks(body_of(tree), errbacks, on_header))}
        if on_header:
            tasks = []
            for member in header_of(tree):
                tasks.append((yield _with_errbacks(member, errbacks, on_header)))
            header = tree["kwargs"]["header"]
            changed["header"] = with_kwargs(header, tasks=tasks) if isinstance(header, dict) else tasks
        return with_kwargs(tree, **changed)
    tasks = []
    for member in tasks_of(tree):
        tasks.append((yield _with_errbacks(member, errbacks, on_header)))
    return with_kwargs(tree, tasks=tasks)
