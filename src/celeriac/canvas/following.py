"""Following: what a run's end sends on: callbacks, the next link of a chain, errbacks. Nothing is published here."""

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import CoroutineType
from typing import Any, Final, NamedTuple

from celeriac.core import states
from celeriac.core.errors import TaskError
from celeriac.core.join import OpenJoin
from celeriac.core.message import Post
from celeriac.core.record import Record
from celeriac.current import Context
from celeriac.execution import loops
from celeriac.execution.exception_info import ExceptionInfo
from celeriac.result import first_of

from .kinds import (
    CHAIN,
    CHORD,
    GROUP,
    TASK,
    Options,
    Tree,
    body_of,
    group_of,
    kind_of,
    listed,
    tasks_of,
)
from .later import Later, LinksLost
from .launching import planned
from .pieces import is_marker
from .planning import Flight
from .signature import maybe_signature

logger: Final = logging.getLogger("celeriac.canvas")


class Unreached(NamedTuple):
    """A task of a workflow that will never run, because one before it failed: whoever waits for it must learn that."""

    task_id: str
    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    ignored: bool  # its call said ignore_result
    group_id: str | None
    group_index: int | None
    chord: Any  # the body of the chord in whose header it is a part, or None
    reply_to: str | None = None


class Following(NamedTuple):
    """What is to take effect with a run's end. The joins must be open before the posts are published."""

    posts: Sequence[Post] = ()
    opens: Sequence[OpenJoin] = ()
    unreached: Sequence[Unreached] = ()
    children: Sequence[Any] = ()  # results of what is sent, but for errbacks: as in Celery they are nobody's children
    kept: Sequence[Record] = ()  # pieces of long chains
    drops: Sequence[str] = ()
    lost: BaseException | None = None  # why the unreached will not run, if it is not what this run ended with


def after_success(app: Any, request: Any, value: Any) -> Following:
    """Callbacks and the next link of the chain get the result."""
    flights = []
    callbacks = listed(request.callbacks)
    if callbacks:
        alone = callbacks if len(callbacks) == 1 else [one for one in callbacks if kind_of(one) == GROUP]
        together = [] if len(callbacks) == 1 else [one for one in callbacks if kind_of(one) != GROUP]
        trees = [*alone, *([group_of(together)] if together else [])]
        flights += [next_after(app, request, tree, (value,), {}) for tree in trees]
    chain = request.chain
    if chain:  # links that are not looked at stay the bytes they are
        rest, link = chain[:-1], chain[-1]
        try:
            flights.append(next_after(app, request, link, (value,), {"chain": rest} if rest else {}))
        except LinksLost as lost:
            return _cut_off(app, request, flights, link, lost)
    return _following(app, flights)


def _cut_off(app: Any, request: Any, flights: list[Flight], marker: Tree, lost: LinksLost) -> Following:
    """The chain ends here: its last task, as the marker has it, has failed."""
    logger.error("Task %s[%s] has ended, but what comes next can't be sent: %s", request.task, request.id, lost)
    why = TaskError(str(lost))
    found = _following(app, flights)
    end = unstarted(app, request, marker, why)
    return found._replace(posts=(*found.posts, *end.posts), unreached=end.unreached, lost=why)


def after_failure(app: Any, request: Any, state: str, exc: BaseException) -> Following:
    """Errbacks, unless the task was revoked; the rest of the chain will never run."""
    flights = [] if state != states.FAILURE else _errbacks(app, request, (request.id, request.errbacks), exc)
    later = Later(app, request.acknowledged)
    never = tuple(unreached(listed(request.chain)[::-1], later.links))
    return _following(app, flights, never)._replace(children=(), drops=later.drops)


def unstarted(app: Any, request: Any, tree: Tree, exc: BaseException) -> Following:
    """A workflow (a chord's body, for one) will not start at all, because of this exception."""
    flights: list[Flight] = []
    later = Later(app, request.acknowledged)
    tree = later.opened(tree)
    for task, id in _starts(tree):
        errbacks = (task.get("options") or {}).get("link_error")
        if errbacks:
            flights += _errbacks(app, _about(request, task, id), (id, errbacks), exc)
    never = tuple(unreached([tree], later.links))
    return _following(app, flights, never)._replace(drops=later.drops)


def _about(request: Any, task: Tree, id: Any) -> Context:
    """What an errback is told of a task that never ran."""
    return Context(
        id=id,
        task=task["task"],
        args=task.get("args") or (),
        kwargs=task.get("kwargs") or {},
        errbacks=(task.get("options") or {}).get("link_error"),
        group=(task.get("options") or {}).get("group_id"),
        root_id=request.root_id or request.id,
        parent_id=request.parent_id,
        hostname=request.hostname,
    )


def body_after(app: Any, request: Any, body: Tree, results: list[Any]) -> Following:
    """The body of a chord gets the results of its header; `request` is that of the last part."""
    return _following(app, [next_after(app, request, body, (results,), {})])


def next_after(app: Any, request: Any, tree: Tree, args: Sequence[Any], options: Options) -> Flight:
    """The plan of what comes after this request's task. Raises LinksLost."""
    if not is_marker(tree):
        return planned(app, tree, args, {}, {**options, **kin_of(app, request, tree)})
    later = Later(app, request.acknowledged)
    tree, rest = later.next(tree)
    options = {**options, "chain": rest} if rest else options
    flight = planned(app, tree, args, {}, {**options, **kin_of(app, request, tree)})
    return flight._replace(drops=tuple(later.drops))


def kin_of(app: Any, request: Any, tree: Tree) -> Options:
    """The options that say which task sends it."""
    options: Options = {"root_id": request.root_id or request.id, "parent_id": request.id}
    if app.conf.task_inherit_parent_priority and (tree.get("options") or {}).get("priority") is None:
        priority = (request.delivery_info or {}).get("priority")
        if priority is not None:
            options["priority"] = priority
    return options


def _following(app: Any, flights: list[Flight], never: Sequence[Unreached] = ()) -> Following:
    calls = [call for flight in flights for call in flight.calls]
    if not calls and not never:
        return Following()
    children = [first_of(flight.result) for flight in flights if flight.result is not None]
    return Following(
        tuple(app.prepare(calls)) if calls else (),
        tuple(join for flight in flights for join in flight.joins),
        tuple(never),
        children,
        tuple(piece for flight in flights for piece in flight.kept),
        tuple(piece for flight in flights for piece in flight.drops),
    )


def unreached(trees: Iterable[Tree], links: Callable[[Tree], list[Any] | None]) -> Iterable[Unreached]:
    """Those of their tasks that somebody may wait for, in the order in which they would have run.

    `links` are those that a marker stands for; where they are lost it stands for the last task alone.
    """
    waiting = list(trees)[::-1]
    while waiting:
        tree = waiting.pop()
        kind = kind_of(tree)
        options = tree.get("options") or {}
        waiting.extend(listed(options.get("chain")))
        if is_marker(tree) and (found := links(tree)):
            waiting.extend(found)
            continue
        if kind in (CHAIN, GROUP):
            waiting.extend(reversed(tasks_of(tree)))
        elif kind == CHORD:
            if body_of(tree) is not None:
                waiting.append(body_of(tree))
        elif options.get("task_id"):
            yield Unreached(
                options["task_id"],
                tree["task"],
                tree.get("args") or [],
                tree.get("kwargs") or {},
                bool(options.get("ignore_result")),
                options.get("group_id"),
                options.get("group_index"),
                options.get("chord"),
                options.get("reply_to"),
            )


def _starts(tree: Tree) -> Iterable[tuple[Tree, Any]]:
    """(task, id) of those that would have been the first to run, for a chord those of its body. A chain's id is its
    last task's: that is what whoever sent it waits for."""
    waiting: list[tuple[Tree, Any]] = [(tree, None)]
    while waiting:
        tree, id = waiting.pop()
        kind = kind_of(tree)
        own = (tree.get("options") or {}).get("task_id")
        if kind == TASK:
            yield tree, id or own
        elif kind == CHORD:
            waiting.extend([(body_of(tree), id)] if body_of(tree) is not None else [])
        elif kind == CHAIN:
            waiting.extend((task, id or own) for task in tasks_of(tree)[:1])
        else:
            waiting.extend((task, None) for task in reversed(tasks_of(tree)))


# -- errbacks, of both styles


def _errbacks(app: Any, request: Any, failed: tuple[Any, Any], exc: BaseException) -> list[Flight]:
    """New-style errbacks are called here; the others are sent, with the id of the failed task."""
    id, errbacks = failed
    sent = []
    for errback in listed(errbacks):
        if called_here(app, errback):
            call_here(app, request, errback, exc)
        else:
            sent.append(errback)
    if not sent:
        return []
    kin = {"root_id": request.root_id or request.id, "parent_id": id}
    return [planned(app, group_of(sent), (id,), {}, kin)]


def called_here(app: Any, errback: Tree) -> bool:
    """New style: a function, known here, that takes more than the id of the failed task: (request, exc, traceback)."""
    if kind_of(errback) != TASK:
        return False
    task = app.tasks.get(errback["task"])
    if task is None or not getattr(task, "_decorated", False):
        return False
    if not isinstance(inspect.getattr_static(type(task), "run", None), staticmethod):
        return False  # with bind=True the task itself comes first: old style
    return _takes_more_than_one(task.run, errback)


def _takes_more_than_one(fun: Any, errback: Tree) -> bool:
    """After the arguments that the errback has already."""
    free = -len(errback.get("args") or ())
    known = errback.get("kwargs") or {}
    for parameter in inspect.signature(fun).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return True
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            free += parameter.name not in known
    return free > 1


def call_here(app: Any, request: Any, errback: Tree, exc: BaseException) -> None:
    """What it raises is logged, and changes nothing any more."""
    try:
        found = maybe_signature(errback, app=app)(request, exc, ExceptionInfo(exc).traceback)
        if type(found) is CoroutineType:
            loops.run(found)
    except Exception:
        logger.exception("Task %s[%s]: its errback %s failed", request.task, request.id, errback["task"])
