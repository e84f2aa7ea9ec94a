"""What `left | right` makes of two signatures: one table from their kinds to a function, on plain dicts."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from .kinds import (
    CHAIN,
    CHORD,
    GROUP,
    TASK,
    Tree,
    body_of,
    chain_of,
    chord_of,
    kind_of,
    listed,
    made,
    tasks_of,
    with_kwargs,
    with_options,
)

# What comes after a group to make one result of it: the list of its results.
WHOLE: Final = made("celery.accumulate", None, {"index": 0})

Rule = Callable[[Tree, Tree], Any]


def joined(left: Tree, right: Tree) -> Any:
    """left | right."""
    return TABLE[kind_of(left), kind_of(right)](left, right)


def folded(tasks: Iterable[Tree]) -> list[Any]:
    """The steps of the chain of these, each `|`-ed to those before it; takes time in proportion to their number."""
    steps: list[Any] = []
    for task in tasks:
        _append(steps, task)
    return steps


def unchained(chain: Tree) -> list[Any]:
    """The chain's tasks as they stand alone: its callbacks are the last one's, its errbacks every one's."""
    tasks = list(tasks_of(chain))
    options = chain.get("options") or {}
    links, errbacks = listed(options.get("link")), listed(options.get("link_error"))
    if tasks and errbacks:
        tasks = [with_links(task, "link_error", errbacks) for task in tasks]
    if tasks and links:
        tasks[-1] = with_links(tasks[-1], "link", links)
    return tasks


def with_links(tree: Tree, option: str, links: list[Any]) -> Any:
    """A copy with these callbacks (or errbacks) as well, none of them twice."""
    if not links:
        return tree
    known = listed((tree.get("options") or {}).get(option))
    known += [link for link in links if link not in known]
    return with_options(tree, **{option: known})


def _chain(left: Tree, right: Tree) -> Any:
    return chain_of([left, right])


def _spliced(left: Tree, right: Tree) -> Any:
    return chain_of([left, *unchained(right)])


def _before_group(left: Tree, right: Tree) -> Any:
    """A group of one is its task."""
    tasks = tasks_of(right)
    return joined(left, tasks[0]) if len(tasks) == 1 else chain_of([left, right])


def _header(left: Tree, right: Tree) -> Any:
    """What comes after a group gets all its results: the group is the header of a chord."""
    if kind_of(right) == GROUP and not tasks_of(right):
        return left
    return chord_of(left if left.get("options") else tasks_of(left), right)


def _in_body(left: Tree, right: Tree) -> Any:
    """What comes after a chord comes after its body."""
    body = body_of(left)
    return with_kwargs(left, body=right if body is None else joined(body, right))


def _after_chain(left: Tree, right: Tree) -> Any:
    if kind_of(right) == GROUP and not tasks_of(right):
        return left
    steps = unchained(left)
    _append(steps, right)
    return chain_of(steps)


def _append(steps: list[Any], right: Tree) -> None:
    """Continue a chain's steps; the list is changed."""
    kind = kind_of(right)
    if kind == CHAIN:
        for task in unchained(right):
            _append(steps, task)
    elif kind == GROUP and len(tasks_of(right)) == 1:
        _append(steps, tasks_of(right)[0])
    elif kind == GROUP and not tasks_of(right):
        pass
    else:
        _continue(steps, kind, right)


def _continue(steps: list[Any], kind: str, right: Tree) -> None:
    last = kind_of(steps[-1]) if steps else None
    if last == GROUP and kind != GROUP:
        steps[-1] = _header(steps[-1], right)
        if len(steps) > 1 and kind_of(steps[-2]) == CHORD:
            steps[-2:] = [_in_body(steps[-2], steps[-1])]
    elif last == CHORD and kind != CHORD:
        steps[-1] = _in_body(steps[-1], right)
    else:
        steps.append(right)


TABLE: Final[dict[tuple[str, str], Rule]] = {
    (TASK, TASK): _chain,
    (TASK, CHAIN): _spliced,
    (TASK, GROUP): _before_group,
    (TASK, CHORD): _chain,
    (GROUP, TASK): _header,
    (GROUP, CHAIN): _header,
    (GROUP, GROUP): _header,
    (GROUP, CHORD): _header,
    (CHORD, TASK): _in_body,
    (CHORD, CHAIN): _spliced,
    (CHORD, GROUP): _before_group,
    (CHORD, CHORD): _in_body,
    (CHAIN, TASK): _after_chain,
    (CHAIN, CHAIN): _after_chain,
    (CHAIN, GROUP): _after_chain,
    (CHAIN, CHORD): _after_chain,
}
