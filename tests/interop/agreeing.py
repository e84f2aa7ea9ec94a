"""Whether two runs of one workflow agree, but for the known differences; what does not is said in words."""

import re
from collections.abc import Iterator
from typing import Any

Seen = dict[str, Any]

_SIGNATURES = frozenset(
    {"celery.chain", "celery.chord", "celery.group"}
)  # Celery stores failures under the ids of signatures, too
_CHORD_ERROR = re.compile(r'ChordError\("Dependency <[^>]*> raised (.*?)"\)')
_FOR = re.compile("<[^>]*>")
_ALWAYS = ("state", "result", "name", "args", "kwargs", "retries", "children")


def disagreements(name: str, theirs: Seen, ours: Seen) -> Iterator[str]:
    """What is different, in words; nothing if they agree."""
    ours = _without_our_errbacks(theirs, ours)
    for what in ("refused", "value", "state"):
        they, we = theirs["client"].get(what), ours["client"].get(what)
        if they != we and they != _own_errors(they, we):
            yield f"the client's {what}: {they!r} there, {we!r} here"
    if "shape" in theirs["client"] and not same_shape(theirs["client"]["shape"], ours["client"].get("shape")):
        yield f"the client's result: {theirs['client']['shape']} there, {ours['client'].get('shape')} here"
    if _runs(theirs, theirs) != _runs(ours, theirs):
        yield f"how often tasks ran: {theirs['runs']} there, {ours['runs']} here"
    for label in sorted(theirs["tasks"].keys() | ours["tasks"].keys()):
        yield from _of_task(label, theirs, ours)


def _of_task(label: str, theirs: Seen, ours: Seen) -> Iterator[str]:
    they, we = theirs["tasks"].get(label, []), ours["tasks"].get(label, [])
    if label in _SIGNATURES or label == "None":
        return
    if len(they) < len(we) and (label == "celery.accumulate" or _never_ran(label, we, ours)):
        return
    if len(they) != len(we):
        yield f"{label}: {len(they)} documents there, {len(we)} here"
        return
    for one, other in zip(they, we, strict=True):
        nameless = "<None>" in one["args"]  # an errback, told the id of a task that Celery stored no name of
        for field in _ALWAYS if one["name"] else ("state",):
            same = same_children if field == "children" else _equal
            if not same(one[field], other[field]) and not (nameless and field == "args"):
                yield f"{label}.{field}: {one[field]!r} there, {other[field]!r} here"
        if _never_ran(label, we, ours):
            continue
        if one["traceback"] != other["traceback"] or one["queue"] != other["queue"]:
            yield f"{label}: traceback {one['traceback']} and {other['traceback']}, {one['queue']} and {other['queue']}"
        if not nameless and _parent(label, one, theirs) != _parent(label, other, ours):
            yield f"{label}.parent: {one['parent']} there, {other['parent']} here"


def _without_our_errbacks(theirs: Seen, ours: Seen) -> Seen:
    """Ours, without the errbacks of tasks that never ran, which Celery forgets if they are in a chain."""
    forgotten = set()
    for key in ours["runs"].keys() - theirs["runs"].keys():
        failed = _FOR.search(key)
        label = failed[0].strip("<>") if failed else ""
        if label and _never_ran(label, ours["tasks"].get(label, []), ours):
            forgotten.add(key)
    labels = {key.partition(":")[0] for key in forgotten} - {key.partition(":")[0] for key in theirs["runs"]}
    return {
        **ours,
        "runs": {key: count for key, count in ours["runs"].items() if key.partition(":")[0] not in labels},
        "tasks": {label: tasks for label, tasks in ours["tasks"].items() if label not in labels},
    }


def _own_errors(they: Any, we: Any) -> Any:
    """Our value with the errors of the parts in place of ChordErrors, where Celery has those."""
    return _CHORD_ERROR.sub(r"\1", we) if isinstance(we, str) and "ChordError" not in str(they) else we


def _runs(seen: Seen, theirs: Seen) -> dict[str, int]:
    """How often each ran; an errback's key says for whom, where Celery kept the name of that."""
    nameless = any("<None>" in key for key in theirs["runs"])
    runs: dict[str, int] = {}
    for key, count in seen["runs"].items():
        key = _FOR.sub("<>", key) if nameless else key
        runs[key] = runs.get(key, 0) + count
    return runs


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _never_ran(label: str, tasks: list[Any], seen: Seen) -> bool:
    return label not in seen["runs"] and all(task["state"] == "FAILURE" for task in tasks)


def _parent(label: str, task: Any, seen: Seen) -> str | None:
    """The parent, if the task is its child: who ends last in a header is the body's parent by chance."""
    parent = task["parent"]
    known = [child for found in seen["tasks"].get(parent, ()) for child in _labels(found["children"])]
    return parent if parent is None or label in known else "one of several"


def _labels(shapes: Any) -> Iterator[str]:
    waiting = list(shapes or ())
    while waiting:
        label, parent, members = waiting.pop()
        yield label
        waiting.extend([*(members or ()), *([parent] if parent else ())])


def same_children(theirs: Any, ours: Any) -> bool:
    """Lists of results that agree one by one."""
    return len(theirs) == len(ours) and all(map(same_shape, theirs, ours))


def same_shape(theirs: Any, ours: Any) -> bool:
    """Results that agree: the same end, and the same parents."""
    if theirs is None or ours is None:
        return theirs is ours
    if not _same_end(theirs, ours):
        if ours[0] == "celery.accumulate" and ours[1] is not None:
            return same_shape(theirs, ours[1])
        return False
    fewer, more = sorted((list(_parents(theirs)), list(_parents(ours))), key=len)
    if len(fewer) == len(more):
        return all(map(_same_end, fewer, more))
    line = iter(more)
    nested = sum(parent[2] is not None for parent in more) > 1
    return nested and all(any(_same_end(parent, other) for other in line) for parent in fewer)


def _parents(shape: Any) -> Iterator[Any]:
    while shape[1] is not None:
        shape = shape[1]
        yield shape


def _same_end(theirs: Any, ours: Any) -> bool:
    if theirs[0] in ("unknown", "None", "celery.chain"):
        return True  # nothing is stored there, or not the name
    if theirs[2] is None or ours[2] is None:
        return bool(theirs[0] == ours[0] and theirs[2] is ours[2])
    return len(theirs[2]) == len(ours[2]) and all(map(same_shape, theirs[2], ours[2]))
