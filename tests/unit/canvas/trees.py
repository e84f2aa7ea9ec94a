"""Workflows of any shape, and what they are worth by plain evaluation."""

from typing import Any

from hypothesis import strategies as st

from celeriac import chain, chord, group, signature
from celeriac.canvas.kinds import body_of, header_of, kind_of, tasks_of

leaves = st.builds(
    lambda name, immutable: signature("mark", args=(name,), immutable=immutable),
    st.sampled_from("abcdef"),
    st.booleans(),
)


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda tasks: chain(*tasks)),
        st.lists(inner, min_size=1, max_size=3).map(lambda tasks: group(tasks)),
        st.tuples(st.lists(inner, max_size=3), inner).map(lambda parts: chord(*parts)),
        st.tuples(inner, inner).map(lambda sides: sides[0] | sides[1]),
    )


workflows = st.recursive(leaves, _larger, max_leaves=9)


def worth(tree: Any, args: tuple[Any, ...] = ()) -> Any:
    """What comes of it: the value of what is last, a list for a group."""
    kind = kind_of(tree)
    if kind == "chain":
        for task in tasks_of(tree):
            args = (worth(task, args),)
        return args[0] if tasks_of(tree) else None
    if kind == "group":
        return _members(tasks_of(tree), args)
    if kind == "chord":
        return worth(body_of(tree), (_members(header_of(tree), args),))
    return [*tree["args"]] if tree["immutable"] else [*args, *tree["args"]]


def _members(tasks: Any, args: tuple[Any, ...]) -> list[Any]:
    """A group in a group is its members."""
    found: list[Any] = []
    for task in tasks:
        if kind_of(task) == "group":
            found.extend(_members(tasks_of(task), args))
        else:
            found.append(worth(task, args))
    return found
