"""The kinds of signatures, and how to look into the dicts that they are, on the wire as in memory."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final

Tree = Mapping[str, Any]  # a signature, or the dict that one became on the wire
Options = dict[str, Any]

TASK: Final = "task"  # a single task; map and starmap are tasks too
CHAIN: Final = "chain"
GROUP: Final = "group"
CHORD: Final = "chord"
_COMPOUND: Final = frozenset((CHAIN, GROUP, CHORD))

# A step of a recursion that must not be limited by the interpreter's stack: it yields calls of its like.
Walk = Generator[Any, Any, Any]


def kind_of(tree: Tree) -> str:
    """Which kind this is."""
    kind = tree.get("subtask_type")
    return kind if kind in _COMPOUND else TASK


def tasks_of(tree: Tree) -> list[Any]:
    """The tasks of a chain or a group."""
    found = tree["kwargs"].get("tasks")
    if found is None:
        return []
    return found if isinstance(found, list) else list(found)


def header_of(chord: Tree) -> list[Any]:
    """The tasks of a chord's header, which is a list of them or a group."""
    header = chord["kwargs"].get("header")
    if header is None:
        return []
    if isinstance(header, Mapping):
        return tasks_of(header) if kind_of(header) == GROUP else [header]
    return header if isinstance(header, list) else list(header)


def body_of(chord: Tree) -> Any:
    """The body of a chord, or None."""
    return chord["kwargs"].get("body")


def made(name: str, kind: str | None, kwargs: Options, options: Options | None = None) -> dict[str, Any]:
    """The dict of a signature of tasks."""
    return {
        "task": name,
        "args": (),
        "kwargs": kwargs,
        "options": {} if options is None else options,
        "subtask_type": kind,
        "immutable": False,
    }


def chain_of(tasks: list[Any], options: Options | None = None) -> dict[str, Any]:
    """The dict of a chain."""
    return made("celery.chain", CHAIN, {"tasks": tasks}, options)


def group_of(tasks: list[Any], options: Options | None = None) -> dict[str, Any]:
    """The dict of a group."""
    return made("celery.group", GROUP, {"tasks": tasks}, options)


def chord_of(header: Any, body: Any, options: Options | None = None) -> dict[str, Any]:
    """The dict of a chord."""
    return made("celery.chord", CHORD, {"header": header, "body": body}, options)


def with_options(tree: Tree, **options: Any) -> dict[str, Any]:
    """A copy with these options as well."""
    copied = dict(tree)
    copied["options"] = {**(tree.get("options") or {}), **options}
    return copied


def with_kwargs(tree: Tree, **kwargs: Any) -> dict[str, Any]:
    """A copy with these keyword arguments as well: the parts of chains, groups and chords are such."""
    copied = dict(tree)
    copied["kwargs"] = {**(tree.get("kwargs") or {}), **kwargs}
    return copied


def listed(value: Any) -> list[Any]:
    """An option that may be one signature or several, as a list."""
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return list(value)
    return [value]


def flattened(members: Sequence[Any]) -> list[Any]:
    """The members of a group, those of groups inside it in their place."""
    if all(kind_of(member) != GROUP for member in members):
        return list(members)
    found: list[Any] = []
    waiting = list(reversed(members))
    while waiting:
        member = waiting.pop()
        if kind_of(member) == GROUP:
            waiting.extend(reversed([inherited(member, inner) for inner in tasks_of(member)]))
        else:
            found.append(member)
    return found


def inherited(group: Tree, member: Tree) -> Any:
    """A member with the options of the group around it, which go before its own."""
    options = {key: value for key, value in (group.get("options") or {}).items() if key not in PLACES}
    return with_options(member, **options) if options else member


# Options that say where one message stands; they are nobody else's.
PLACES: Final = frozenset(("task_id", "group_id", "group_index", "chord", "root_id", "parent_id", "reply_to", "chain"))


def merged(tree: Tree, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """(args, kwargs, options) of a call of this signature: given arguments go before its own."""
    own_args, own_kwargs, own_options = tree.get("args") or (), tree.get("kwargs") or {}, tree.get("options") or {}
    if options:
        options = {**own_options, **{k: v for k, v in options.items() if k not in LASTING or k not in own_options}}
    else:
        options = dict(own_options)
    if tree.get("immutable") or not (args or kwargs):
        return own_args, own_kwargs, options
    return (*args, *own_args), {**own_kwargs, **kwargs}, options


def positional(args: Any) -> tuple[Any, ...]:
    """Positional arguments of a call; text is none, for it never was meant as letters."""
    if isinstance(args, (str, bytes, Mapping)):
        raise TypeError(f"args must be a list or tuple, not {type(args).__name__}")
    return tuple(args or ())


# What a signature says of these is not overruled by a call's options.
LASTING: Final = frozenset(("group_id", "stamped_headers"))


def walk(first: Walk) -> Any:
    """Run a walk to its end, however deep it goes."""
    stack, value = [first], None
    while stack:
        try:
            stack.append(stack[-1].send(value))
            value = None
        except StopIteration as end:
            stack.pop()
            value = end.value
    return value


def ends_in_group(tree: Tree) -> bool:
    """True if what comes last of it is a group, whose members end one by one."""
    return kind_of(last_of(tree)) == GROUP


def last_of(tree: Tree) -> Tree:
    """What comes last of it: a task or a group."""
    while True:
        kind = kind_of(tree)
        if kind == CHAIN and tasks_of(tree):
            tree = tasks_of(tree)[-1]
        elif kind == CHORD and body_of(tree) is not None:
            tree = body_of(tree)
        else:
            return tree


def changed_at_end(tree: Tree, change: Callable[[Tree], Any]) -> Any:
    """A copy of the tree in which what comes last is changed; what is around it is copied, too."""
    path: list[Tree] = []
    while True:
        kind = kind_of(tree)
        if kind == CHAIN and tasks_of(tree):
            path.append(tree)
            tree = tasks_of(tree)[-1]
        elif kind == CHORD and body_of(tree) is not None:
            path.append(tree)
            tree = body_of(tree)
        else:
            break
    new = change(tree)
    for around in reversed(path):
        if kind_of(around) == CHAIN:
            new = with_kwargs(around, tasks=[*tasks_of(around)[:-1], new])
        else:
            new = with_kwargs(around, body=new)
    return new
