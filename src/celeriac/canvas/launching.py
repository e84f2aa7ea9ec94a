"""Launching: a planned workflow on its way: its joins are declared, then its first messages go out together."""

from collections.abc import Mapping, Sequence
from typing import Any

from celeriac.core import states
from celeriac.core.errors import EncodeError
from celeriac.core.ids import uuid
from celeriac.core.ports.chains import chains_of
from celeriac.core.record import Record
from celeriac.current import get_current_worker_task
from celeriac.result import first_of
from celeriac.wire import pieces

from .freezing import Setting, frozen
from .kinds import TASK, Options, Tree, kind_of, with_options
from .planning import Flight, placed, plan, renamed
from .watching import counted

Args = Sequence[Any]
Kwargs = Mapping[str, Any]


def setting_of(app: Any) -> Setting:
    """What plans need of an app."""
    results, groups, tasks = app.AsyncResult, app.GroupResult, app.tasks
    conf = app.conf

    def result(id: str, name: str, options: Options) -> Any:
        made = results(id, task_name=name)
        ignored = options.get("ignore_result")
        if ignored or (ignored is None and name in tasks and tasks[name].ignore_result):
            made.ignored = True  # nothing will be stored: there is nothing to wait for
        return made

    return Setting(
        uuid,
        app.thread_oid,
        result,
        groups,
        app.backend.join_ttl,
        bool(conf.task_allow_error_cb_on_chord_header),
        conf.task_chain_inline,
    )


def planned(app: Any, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> Flight:
    """The plan of a workflow of this app."""
    setting = setting_of(app)
    flight = plan(tree, (args, kwargs), options, setting)
    if flight.pieces:
        kept = kept_of(app, flight)
        flight = flight._replace(kept=kept) if kept else _whole(app, tree, (args, kwargs), options)
    return counted(app, flight)


def planned_whole(app: Any, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> Flight:
    """The same, but long chains travel as they are: for those who can't keep something in the result store."""
    return counted(app, _whole(app, tree, (args, kwargs), options))


def _whole(app: Any, tree: Tree, arguments: tuple[Args, Kwargs], options: Options) -> Flight:
    return plan(tree, arguments, options, setting_of(app)._replace(inline=None))


def kept_of(app: Any, flight: Flight) -> tuple[Record, ...]:
    """The pieces of long chains as the result store keeps them; none if it can't, or they can't be written."""
    if chains_of(app.transports.results) is None:
        return ()
    default, ttl = app.conf.task_serializer, app.backend.join_ttl
    try:
        return tuple(
            Record(piece.id, states.PENDING, pieces.encode(piece.links, piece.serializer or default), "chain", ttl)
            for piece in flight.pieces
        )
    except EncodeError:  # some task has a serializer of its own, which may write what travels with its message
        return ()


# -- several tasks


def send(sig: Any, args: Args, kwargs: Kwargs, options: Options) -> Any:
    """Send what comes first of a chain, group or chord; the result is that of what comes last."""
    app = sig.app
    if app.conf.task_always_eager:
        return app.eager.workflow(sig, args, kwargs, options)
    options = dict(options)
    remembered = options.pop("add_to_parent", True)
    flight = planned(app, sig, args, kwargs, options)
    if flight.calls:
        app.launch(flight.calls, flight.joins, _how(options), flight.kept)
    return _remember(flight.result, remembered)


async def asend(sig: Any, args: Args, kwargs: Kwargs, options: Options) -> Any:
    """send, from async code."""
    app = sig.app
    if app.conf.task_always_eager:
        return app.eager.workflow(sig, args, kwargs, options)
    options = dict(options)
    remembered = options.pop("add_to_parent", True)
    flight = planned(app, sig, args, kwargs, options)
    if flight.calls:
        await app.alaunch(flight.calls, flight.joins, _how(options), flight.kept)
    return _remember(flight.result, remembered)


def _how(options: Options) -> Options:
    """What says how to publish."""
    return {name: options[name] for name in ("retry", "retry_policy") if name in options}


def _remember(result: Any, wanted: bool) -> Any:
    """The task that sent it, if one did, has it among its children."""
    if wanted and result is not None:
        parent = get_current_worker_task()
        if parent is not None:
            parent.add_trail(first_of(result))
    return result


# -- one task


def send_one(sig: Any, args: Args, kwargs: Kwargs, options: Options) -> Any:
    """Send a single task; a task class of one's own may have its own way to do that."""
    task = task_of(sig)
    if task is None:
        return sig.app.send_task(sig["task"], args, kwargs, **options)
    return task.apply_async(args, kwargs, **options)


async def asend_one(sig: Any, args: Args, kwargs: Kwargs, options: Options) -> Any:
    """send_one, from async code."""
    task = task_of(sig)
    if task is None:
        return await sig.app.asend_task(sig["task"], args, kwargs, **options)
    return await task.aapply_async(args, kwargs, **options)


def task_of(sig: Any) -> Any:
    """The task, if this process knows it."""
    return sig._type if sig._type is not None else sig.app.tasks.get(sig["task"])


# -- ids


def freeze(sig: Any, id: str | None, said: Options) -> Any:
    """Give a signature and all its parts ids and a place, in place; the result it will have."""
    given = {key: value for key, value in said.items() if value is not None}
    tree: Any = dict(sig)
    if kind_of(tree) == TASK:
        tree = with_options(tree, **given, **({} if id is None else {"task_id": id, "reply_to": sig.app.thread_oid}))
    else:
        place: Options = {key: given[key] for key in ("group_id", "group_index", "chord") if key in given}
        tree = placed(tree if id is None else renamed(tree, id), place) if place or id is not None else tree
    ready = frozen(tree, setting_of(sig.app))
    sig.update(ready.tree)
    return ready.last
