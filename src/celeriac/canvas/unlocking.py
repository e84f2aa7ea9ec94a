"""Unlocking: a look at the header of a chord on a result store that can't count parts, by celery.chord_unlock."""

from collections.abc import Sequence
from typing import Any

from celeriac.core import states
from celeriac.core.errors import ChordError
from celeriac.core.ports.joins import JOIN_SECONDS
from celeriac.execution.exception_info import ExceptionInfo
from celeriac.execution.texts import safe_repr

from . import following
from .kinds import Tree
from .watching import UNLOCK


def unlock(task: Any, group_id: str, body: Tree, result: Sequence[Any], how: dict[str, Any]) -> None:
    """One look: the body, its failure, or another look later. What is sent goes out with the end of this run."""
    app, request = task.app, task.request
    interval = how.get("interval") or app.conf.result_chord_retry_interval
    ids = [one[0][0] if isinstance(one[0], list | tuple) else one[0] for one in result]
    try:
        found = app.backend.read_many(ids)
        ended = {id: meta for id, meta in found.items() if meta["status"] in states.READY_STATES}
        if len(ended) < len(set(ids)):
            if request.retries * interval < (app.backend.join_ttl or JOIN_SECONDS):
                task.retry(countdown=interval, max_retries=how.get("max_retries"), throw=True)
            missing = next(id for id in ids if id not in ended)
            raise ChordError(f"Dependency {missing} has not ended within {request.retries * interval:.0f} s")
        values = [_value(id, ended[id]) for id in ids]
        sent = following.body_after(app, request, body, values)
    except ChordError as exc:
        _fail(task, body, exc)
    except task.MaxRetriesExceededError as exc:
        _fail(task, body, ChordError(f"{exc!r}"))
    else:
        _send(request, sent)


def _value(id: str, meta: Any) -> Any:
    if meta["status"] in states.PROPAGATE_STATES:
        raise ChordError(f"Dependency {id} raised {safe_repr(meta['result'])}") from meta["result"]
    return meta["result"]


def _fail(task: Any, body: Tree, exc: ChordError) -> None:
    """The body and what comes after it learn it. Stored at once: storing it again is nothing."""
    app, request = task.app, task.request
    sent = following.unstarted(app, request, body, exc)
    text = ExceptionInfo(exc).traceback
    for one in sent.unreached:
        if not one.ignored:
            app.backend.store_result(one.task_id, exc, states.FAILURE, traceback=text)
    _send(request, sent)


def _send(request: Any, sent: following.Following) -> None:
    if request.outbox is None:  # called, not run by a worker
        raise RuntimeError(f"{UNLOCK} runs in workers only")
    request.outbox.extend(sent.posts)
    request.opens = [*(request.opens or ()), *sent.opens]
    request.keeps = [*(request.keeps or ()), *sent.kept]
