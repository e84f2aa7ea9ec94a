"""What the client of an interop test does: functions that take and return plain data."""

import json
import time
from typing import Any

from either import exceptions, result
from shared_tasks import app, notes, shown
from specs import build


def outcome_of(found: Any, timeout: float) -> Any:
    """[value or what was raised, state], as text."""
    try:
        value = found.get(timeout=timeout, propagate=False)
    except exceptions.TimeoutError:
        return ["timeout", _state(found)]
    except Exception as exc:
        return [f"get raised {exc!r}", _state(found)]
    return [_plain(value), _state(found)]


def _state(found: Any) -> Any:
    return [_state(one) for one in found.results] if hasattr(found, "results") else found.state


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_plain, value))}]"
    return repr(value) if isinstance(value, BaseException) else shown(value)


def calls(calls: list[Any], timeout: float = 60) -> list[Any]:
    """Send [name, args, kwargs, options] each; returns [id, value, state] of each."""
    sent = [app.send_task(name, args, kwargs, **options) for name, args, kwargs, options in calls]
    return [[found.id, *outcome_of(found, timeout)] for found in sent]


def workflows(specs: list[Any], within: float, of_celery: bool) -> list[Any]:
    """Send each workflow; returns what came of it and its result as plain data, when no worker has anything to do.

    One of the workers may be of Celery's.
    """
    sent: list[Any] = []
    for spec in specs:
        try:
            sent.append(build(app, spec).apply_async())
        except Exception as exc:
            sent.append(exc)
    _wait_until_quiet(time.monotonic() + within, of_celery)
    # In Celery some in which a task fails never end; whatever else is not there yet was taken for quiet too soon.
    hangs = [of_celery and "i.fail" in json.dumps(spec) for spec in specs]
    return [_came_of(found, may) for found, may in zip(sent, hangs, strict=True)]


def _wait_until_quiet(end: float, of_celery: bool) -> None:
    """With late acknowledgement on both sides, what runs or waits is in the queue or among the unacknowledged."""
    quiet = 0
    while quiet < 16:
        if time.monotonic() > end:
            raise TimeoutError("the workers are still at work")
        time.sleep(0.05)
        quiet = quiet + 1 if _is_quiet(of_celery) else 0


def _is_quiet(of_celery: bool) -> bool:
    """A worker of Celery's notes a message after it has taken it: it has none in hand while it waits for one."""
    with notes.pipeline(transaction=True) as step:
        waiting, unacked, clients = step.llen("celery").hlen("unacked").client_list().execute()
    waits = any(client["cmd"] == "brpop" and "b" in client["flags"] for client in clients)
    return not waiting and not unacked and (waits or not of_celery)


def _came_of(found: Any, may_hang: bool) -> Any:
    if isinstance(found, Exception):
        return {"refused": repr(found)}
    if found is None:
        return {"refused": "None"}
    value, state = outcome_of(found, 0.2 if may_hang and not found.ready() else 20)
    return {"value": value, "state": state, "tuple": found.as_tuple()}


def saved_group(group_id: str, ids: list[str]) -> None:
    """Save a group of results."""
    app.GroupResult(group_id, [app.AsyncResult(one) for one in ids], parent=app.AsyncResult("above")).save()


def restored_group(group_id: str) -> Any:
    """Restore a group that somebody saved: its plain data and its values."""
    found = app.GroupResult.restore(group_id)
    return {"tuple": found.as_tuple(), "values": found.get(timeout=60)}


def tree(task_id: str) -> Any:
    """The tree below a result: (parent, id, value), sorted."""
    found = app.AsyncResult(task_id)
    found.get(timeout=60)
    walked = list(found.collect(timeout=60))
    assert result.result_from_tuple(found.as_tuple()).id == task_id
    return {"graph": len(found.graph), "values": sorted(shown(value) for _, value in walked)}
