"""Freezing: every task of a workflow gets its id before anything is sent, and the caller the tree of results."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from .kinds import (
    CHAIN,
    CHORD,
    GROUP,
    TASK,
    Options,
    Tree,
    Walk,
    body_of,
    changed_at_end,
    ends_in_group,
    flattened,
    group_of,
    header_of,
    inherited,
    kind_of,
    listed,
    made,
    merged,
    tasks_of,
    walk,
    with_kwargs,
    with_options,
)
from .links import linked, with_errbacks
from .operators import WHOLE, joined


class Setting(NamedTuple):
    """What a plan needs of the world: ids, an address for replies, and what to make results of."""

    new_id: Callable[[], str]
    reply_to: str | None
    task_result: Callable[[str, str, Options], Any]  # (id, name of the task, options of the call)
    group_result: Callable[[str, list[Any]], Any]  # (id, results)
    join_ttl: float | None = None
    errbacks_on_header: bool = False  # task_allow_error_cb_on_chord_header
    inline: int | None = None  # so many links of a chain travel; the others lie in the result store


class Frozen(NamedTuple):
    """A tree whose tasks have ids. `first` is the result whose parent is whatever comes before this."""

    tree: Any
    first: Any
    last: Any


def frozen(tree: Tree, setting: Setting) -> Frozen:
    """A copy with ids; those that are there already stay."""
    found: Frozen = walk(_freeze(tree, setting))
    return found


def _freeze(tree: Tree, setting: Setting) -> Walk:
    kind = kind_of(tree)
    if kind == TASK:
        return _freeze_task(tree, setting)
    freeze = {CHAIN: _freeze_chain, GROUP: _freeze_group, CHORD: _freeze_chord}[kind]
    return (yield freeze(tree, setting))


def _freeze_task(tree: Tree, setting: Setting, index: int | None = None) -> Frozen:
    options = dict(tree.get("options") or ())
    id = options.get("task_id")
    if id is None:
        id = options["task_id"] = setting.new_id()
    if "reply_to" not in options:
        options["reply_to"] = setting.reply_to
    if index is not None:
        options["group_index"] = index
    copied = dict(tree)
    copied["options"] = options
    result = setting.task_result(id, tree["task"], options)
    return Frozen(copied, result, result)


def _freeze_each(members: Sequence[Tree], setting: Setting) -> Walk:
    found = []
    for member in members:
        found.append(_freeze_task(member, setting) if kind_of(member) == TASK else (yield _freeze(member, setting)))
    return found


def _freeze_members(members: Sequence[Tree], setting: Setting) -> Walk:
    """Only a task says its place in the group itself; the others say it when they are sent, at their end."""
    found = []
    for index, member in enumerate(members):
        task = kind_of(member) == TASK
        found.append(_freeze_task(member, setting, index) if task else (yield _freeze(member, setting)))
    return found


def _freeze_chain(tree: Tree, setting: Setting) -> Walk:
    steps = steps_of(tree, setting.errbacks_on_header)
    options = {key: value for key, value in (tree.get("options") or {}).items() if key not in _PUSHED}
    if not steps:
        return Frozen(with_kwargs({**tree, "options": options}, tasks=[]), None, None)
    wanted = (tree.get("options") or {}).get("task_id")
    if wanted is not None:
        steps[-1] = named(steps[-1], wanted)
    parts = yield _freeze_each(steps, setting)
    for before, after in pairwise(parts):
        after.first.parent = before.last
    copied = with_kwargs({**tree, "options": options}, tasks=[part.tree for part in parts])
    copied["options"]["task_id"] = parts[-1].last.id
    return Frozen(copied, parts[0].first, parts[-1].last)


# What a chain's options say of these belongs to its tasks.
_PUSHED: Final = frozenset(("task_id", "link", "link_error"))


def _freeze_group(tree: Tree, setting: Setting) -> Walk:
    options = tree.get("options") or {}
    id = options.get("task_id") or setting.new_id()
    parts = yield _freeze_members(flattened(tasks_of(tree)), setting)
    result = setting.group_result(id, [part.last for part in parts])
    whole = with_kwargs(tree, tasks=[part.tree for part in parts])
    return Frozen(with_options(whole, task_id=id), result, result)


def _freeze_chord(tree: Tree, setting: Setting) -> Walk:
    body = body_of(tree)
    if body is None:
        raise ValueError("a chord needs a body: chord(header)(body), or chord(header, body)")
    header = tree["kwargs"].get("header")
    around = header if isinstance(header, dict) and kind_of(header) == GROUP else group_of([])
    members = [gathered(member) for member in flattened(header_of(tree))]
    head: Frozen = yield _freeze_group(with_kwargs(around, tasks=members), setting)
    wanted = (tree.get("options") or {}).get("task_id")
    if wanted is not None and wanted != (around.get("options") or {}).get("task_id"):
        body = named(body, wanted)
    end: Frozen = yield _freeze(body, setting)
    if end.first is not None:
        end.first.parent = head.last
    copied = with_kwargs(tree, header=head.tree, body=end.tree)
    copied["options"] = {**(tree.get("options") or {}), "task_id": head.last.id}
    return Frozen(copied, head.last, end.last)


def gathered(member: Tree) -> Any:
    """A member of a header, so that it ends once: where it ended in a group, in the list of that group's results."""
    if kind_of(member) != TASK and ends_in_group(member):
        return joined(member, WHOLE)
    return member


def named(tree: Tree, id: str) -> Any:
    """A copy whose last task (or group) has this id."""
    return changed_at_end(tree, lambda end: with_options(end, task_id=id))


def steps_of(chain: Tree, on_header: bool = False) -> list[Any]:
    """The steps of a chain, one after the other: no chain among them, and a group only at the end."""
    flat: list[Any] = []
    waiting = _linked_tasks(chain, on_header)[::-1]
    while waiting:
        step = waiting.pop()
        if kind_of(step) == CHAIN:
            waiting.extend(reversed(_spread(step, on_header)))
        elif _body_is_more_steps(step):
            first, *rest = _spread(body_of(step), on_header)
            flat.append(with_kwargs(step, body=first))
            waiting.extend(reversed(rest))
        else:
            flat.append(step)
    steps: list[Any] = []  # the last one first
    for step in reversed(flat):
        if kind_of(step) == GROUP and steps:
            step = joined(step, steps.pop()) if tasks_of(step) else _chord_of_nothing(step, steps.pop())
        steps.append(step)
    steps.reverse()
    return steps


def _linked_tasks(chain: Tree, on_header: bool) -> list[Any]:
    """The chain's tasks, the last of them with its callbacks, each of them with its errbacks."""
    options = chain.get("options") or {}
    errbacks = listed(options.get("link_error"))
    tasks = [with_errbacks(task, errbacks, on_header) for task in tasks_of(chain)]
    if tasks:
        tasks[-1] = linked(tasks[-1], listed(options.get("link")))
    return tasks


def _body_is_more_steps(step: Tree) -> bool:
    """True for a chord whose body is a chain: what comes after its first task may be steps of the chain around it."""
    if kind_of(step) != CHORD or not _PUSHED.isdisjoint(_said(step)):
        return False
    body = body_of(step)
    if body is None or kind_of(body) != CHAIN or len(tasks_of(body)) < 2:
        return False
    return kind_of(tasks_of(body)[0]) == TASK and not body.get("immutable")


def _said(tree: Tree) -> list[str]:
    """The options that are given, but for the id that a frozen chord has from its header."""
    options = dict(tree.get("options") or {})
    header = tree["kwargs"].get("header")
    if isinstance(header, dict) and (header.get("options") or {}).get("task_id") == options.get("task_id"):
        options.pop("task_id", None)
    return [key for key, value in options.items() if value]


def _chord_of_nothing(group: Tree, body: Tree) -> Any:
    return made("celery.chord", CHORD, {"header": group, "body": body})


def _spread(chain: Tree, on_header: bool) -> list[Any]:
    """The tasks of a chain within a chain: what was asked of the whole is asked of the first."""
    tasks = _linked_tasks(chain, on_header)
    if tasks and not chain.get("immutable") and (chain.get("args") or ()):
        args, kwargs, options = merged(tasks[0], chain["args"], {}, {})
        tasks[0] = {**tasks[0], "args": args, "kwargs": kwargs, "options": options}
    if tasks:
        own = {key: value for key, value in (chain.get("options") or {}).items() if key not in _PUSHED}
        tasks[0] = inherited(made("", None, {}, own), tasks[0])
    return tasks
