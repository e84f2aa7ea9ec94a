"""Eager calls: a task run here and now, with the handlers and signals that it would have in a worker."""

import socket
from typing import Any

import msgspec

from celeriac.canvas import eager
from celeriac.canvas.eager_follow_up import EagerFollowUp
from celeriac.canvas.kinds import listed
from celeriac.core import states
from celeriac.core.errors import Retry
from celeriac.core.ids import uuid
from celeriac.current import Context, get_current_worker_task
from celeriac.execution.eager import EagerExecutor, Ended
from celeriac.result import EagerResult
from celeriac.wire import serializers

Options = dict[str, Any]

_FOLLOWERS = {"link": "callbacks", "link_error": "errbacks", "chain": "chain"}


class EagerCall(msgspec.Struct, frozen=True):
    """What was asked of one eager call."""

    task_id: str | None = None
    retries: int = 0
    throw: bool | None = None
    options: Options = {}


def apply(task: Any, args: Any, kwargs: Any, call: EagerCall) -> EagerResult[Any]:
    """Run the task; what it raises is in the result, or raised with throw or task_eager_propagates."""
    app = task.app
    app.finalize(auto=True)
    conf = app.conf
    throw = conf.task_eager_propagates if call.throw is None else call.throw
    args, kwargs = tuple(args or ()), dict(kwargs or {})
    if task.typing:
        task.check_arguments(args, kwargs)
    task_id = call.task_id or uuid()
    stores = bool(task.store_eager_result) and app.backend.enabled
    executor = EagerExecutor(app, socket.gethostname(), follow=EagerFollowUp(app), stores=stores)
    ended = executor.apply(task, _request(task, task_id, (args, kwargs), call), throw=bool(throw))
    if ended.record is not None:
        app.backend.store_record(ended.record)
    if isinstance(ended.value, Retry) and ended.value.sig is not None:
        again: EagerResult[Any] = ended.value.sig.apply(throw=call.throw)
        return again
    return _result(task, task_id, ended)


def workflow(sig: Any, args: Any, kwargs: Any, options: Options) -> Any:
    """Run a chain, group or chord here and now."""
    return eager.workflow(sig, args, kwargs, options)


def as_sent(task: Any, args: Any, kwargs: Any, call: EagerCall) -> EagerResult[Any]:
    """What apply_async does in eager mode: the arguments go through the serializer and back first.

    So a test finds out what the serializer does to them.
    """
    name = call.options.get("serializer") or task.serializer
    content_type, encoding, data = serializers.dumps((args, kwargs), name)
    args, kwargs = serializers.loads(data, content_type, encoding, frozenset({content_type}))
    return apply(task, args, kwargs, call)


def _request(task: Any, task_id: str, arguments: tuple[Any, Any], call: EagerCall) -> Context:
    options = call.options
    parent = get_current_worker_task()
    outer = parent.request if parent is not None else None
    headers = dict(options.get("headers") or {})
    fields = {
        "id": task_id,
        "task": task.name,
        "args": arguments[0],
        "kwargs": arguments[1],
        "called_directly": False,
        "is_eager": True,
        "retries": call.retries,
        "root_id": options.get("root_id") or (outer.root_id or outer.id if outer is not None else task_id),
        "parent_id": options.get("parent_id") or (outer.id if outer is not None else None),
        "logfile": options.get("logfile"),
        "loglevel": options.get("loglevel") or 0,
        "hostname": socket.gethostname(),
        "headers": headers,
        "ignore_result": bool(options.get("ignore_result", task.ignore_result)),
        "delivery_info": {
            "is_eager": True,
            "exchange": options.get("exchange"),
            "routing_key": options.get("routing_key"),
            "priority": options.get("priority"),
        },
    }
    for name in ("group_id", "group_index", "shadow", "replaced_task_nesting"):
        if options.get(name) is not None:
            fields["group" if name == "group_id" else name] = options[name]
    for option, name in _FOLLOWERS.items():
        if options.get(option):
            fields[name] = listed(options[option])
            fields["has_followers"] = True
    stamped = options.get("stamped_headers")
    if stamped:
        fields.update(stamped_headers=stamped, stamps={name: options.get(name) for name in stamped})
    return Context({**headers, **fields})


def _result(task: Any, task_id: str, ended: Ended) -> EagerResult[Any]:
    value = ended.value if ended.state != states.REJECTED else None
    return EagerResult(task_id, value, ended.state, traceback=ended.traceback, name=task.name)
