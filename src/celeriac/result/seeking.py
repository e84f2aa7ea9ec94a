"""Where a task is: asks the result store, which is quick, then looks through the broker's queues, which is not."""

from collections.abc import Sequence
from typing import Any

from celeriac.core import states
from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ports.seeker import seeker_of
from celeriac.core.whereabouts import Whereabouts


def where(app: Any, id: str, queues: Sequence[str] = (), timeout: float = 10.0) -> Whereabouts:
    """Where the task is. `queues` are those to look in besides the app's own. Raises OperationalError when
    the queues are too long to be looked through in `timeout` seconds."""
    if _has_ended(_meta(app, id)):
        return Whereabouts.STORED
    transport = app.transports.write
    try:
        found: Whereabouts = transport.link().run(_search(app, id, queues), timeout)
    except OperationalError as error:
        raise _explained(error, id, timeout) from error
    # What has ended while we looked is in no queue any more.
    return _told(found, _meta(app, id)) if found is Whereabouts.UNKNOWN else found


async def awhere(app: Any, id: str, queues: Sequence[str] = (), timeout: float = 10.0) -> Whereabouts:
    """`where`, from async code."""
    if _has_ended(await _ameta(app, id)):
        return Whereabouts.STORED
    transport = app.transports.write
    try:
        found: Whereabouts = await app.asynchronous.run(_search(app, id, queues), timeout, transport)
    except OperationalError as error:
        raise _explained(error, id, timeout) from error
    return _told(found, await _ameta(app, id)) if found is Whereabouts.UNKNOWN else found


def _search(app: Any, id: str, queues: Sequence[str]) -> Flow[Whereabouts]:
    transport = app.transports.write
    seeker = seeker_of(transport)
    if seeker is None:
        raise NotImplementedError(
            f"{transport.describe()} can't be looked through without consuming its messages: "
            "only what the result store knows can be told (AsyncResult.state, AsyncResult.exists)."
        )
    names = dict.fromkeys((*queues, *app.amqp.queues, app.conf.task_default_queue))
    return seeker.find(id, tuple(names))


def _meta(app: Any, id: str) -> Any:
    return app.backend.get_task_meta(id, cache=False) if app.backend.enabled else None


async def _ameta(app: Any, id: str) -> Any:
    return await app.backend.aget_task_meta(id, cache=False) if app.backend.enabled else None


def _has_ended(meta: Any) -> bool:
    return meta is not None and meta["status"] in states.READY_STATES


def _told(found: Whereabouts, meta: Any) -> Whereabouts:
    """Something is stored: it has ended, or its last state was stored and its message is gone."""
    return found if meta is None or meta["status"] == states.PENDING else Whereabouts.STORED


def _explained(error: OperationalError, id: str, timeout: float) -> OperationalError:
    return OperationalError(
        f"The broker's queues could not be looked through for task {id} within {timeout} s ({error}). "
        "If they are long, give a longer timeout."
    )
