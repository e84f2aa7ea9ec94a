"""Replacing: a running task puts a workflow in its place, or adds a member to the chord it is in."""

from typing import Any, NoReturn

from celeriac.core.errors import Ignore, ImproperlyConfigured
from celeriac.current import Context

from .kinds import CHAIN, GROUP, Options, Tree, kind_of, listed, tasks_of, with_kwargs, with_options
from .launching import planned
from .links import linked, with_errbacks
from .operators import WHOLE, joined
from .planning import Flight
from .signature import Signature, maybe_signature


def replace(task: Any, sig: Any) -> Any:
    """Send the signature under the task's own id; what was to follow the task follows the signature's end."""
    request: Context = task.request
    _check(sig)
    if kind_of(sig) == GROUP:
        sig = maybe_signature(joined(sig, WHOLE), app=task.app)
    if request.is_eager or request.called_directly:
        return sig.apply().get(disable_sync_subtasks=False)
    tree = linked(dict(sig), listed(request.callbacks))
    on_header = bool(task.app.conf.task_allow_error_cb_on_chord_header)
    tree = with_errbacks(tree, listed(request.errbacks), on_header)
    if kind_of(tree) == CHAIN:  # each of its tasks says how often its place was taken
        nesting = _nesting(request)
        tree = with_kwargs(tree, tasks=[with_options(one, replaced_task_nesting=nesting) for one in tasks_of(tree)])
    _with_the_end(task, request, planned(task.app, tree, (), {}, _inherited(request)))
    return task.on_replace(sig)


def _check(sig: Any) -> None:
    if not isinstance(sig, Signature):
        raise TypeError(f"a task can be replaced by a signature only, such as other.s(1), not by {type(sig).__name__}")
    if sig.options.get("chord"):
        raise ImproperlyConfigured("A signature replacing a task must not be part of a chord")
    if kind_of(sig) == CHAIN and not tasks_of(sig):
        raise ImproperlyConfigured("Cannot replace with an empty chain")


def _inherited(request: Context) -> Options:
    """The place of the task, for whoever takes it. Its stamps were its own, as in Celery."""
    options: Options = {
        "task_id": request.id,
        "root_id": request.root_id,
        "group_id": request.group,
        "group_index": request.group_index,
        "chord": request.chord,
        "chain": request.chain or None,
        "replaced_task_nesting": _nesting(request),
    }
    return {key: value for key, value in options.items() if value is not None}


def _nesting(request: Context) -> int:
    """How many tasks have stood in this place before."""
    return (request.replaced_task_nesting or 0) + 1


def on_replace(task: Any, sig: Any) -> NoReturn:
    """The default: the run ends, and nothing is stored of it."""
    raise Ignore("Replaced by new task")


def add_to_chord(task: Any, sig: Any, lazy: bool) -> Any:
    """One part more is to come before the body is called. Unless `lazy`, the member is sent with this run's end."""
    request: Context = task.request
    if not request.chord:
        raise ValueError("Current task is not member of any chord")
    place = {"group_id": request.group, "chord": request.chord, "root_id": request.root_id}
    if request.is_eager or request.called_directly:
        return sig.apply()
    task.app.backend.transport_of_joins()  # raises where parts can't be counted
    request.adds += 1
    if lazy:
        sig.freeze(**place)
        return sig
    kin = {**place, "parent_id": request.id}
    flight = planned(task.app, dict(sig), (), {}, kin)
    _with_the_end(task, request, flight)
    return task.add_trail(flight.result)


def send_with_the_end(task: Any, tree: Tree, args: Any, options: Options) -> Any:
    """Send a workflow together with the end of the run; its result."""
    request: Context = task.request
    kin = {"root_id": request.root_id or request.id, "parent_id": request.id}
    flight = planned(task.app, tree, args, {}, {**kin, **options})
    _with_the_end(task, request, flight)
    return task.add_trail(flight.result)


def _with_the_end(task: Any, request: Context, flight: Flight) -> None:
    """What is sent goes out together with the end of the run: neither lost nor doubled if the run is repeated."""
    if request.outbox is None:
        task.app.launch(flight.calls, flight.joins, {}, flight.kept)
        return
    request.outbox.extend(task.app.prepare(flight.calls))
    if flight.joins:
        request.opens = [*(request.opens or ()), *flight.joins]
    if flight.kept:
        request.keeps = [*(request.keeps or ()), *flight.kept]
