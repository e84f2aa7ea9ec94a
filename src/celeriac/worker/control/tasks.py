"""Questions about tasks: what runs, what waits, what is known."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from celeriac.core.errors import DecodeError
from celeriac.core.ports.delayed import delayed_of
from celeriac.execution.opening import REFUSALS, Opener
from celeriac.pools.pool import Running
from celeriac.wire import envelope, serializers

from ..hands import Hand
from .panel import inspect_command

_SHOWN: Final = ("exchange", "routing_key", "rate_limit")
_BUILT_IN: Final = ("celery.", "celeriac.")
_MOST_SHOWN: Final = 1000
_LARGE_ALL: Final = 4 * 1024 * 1024
_LARGE: Final = 64 * 1024  # bytes: the arguments of larger messages are shown as their sender described them


def describe(state: Any, raw: bytes, safe: bool) -> dict[str, Any]:
    """A message as Celery's workers describe a request."""
    head = envelope.peek(raw)
    info: dict[str, Any] = {"id": head.id, "name": head.task}
    info["args"], info["kwargs"] = _arguments(state, raw, safe)
    info |= {"type": head.task, "hostname": state.hostname, "time_start": None, "acknowledged": False}
    info["delivery_info"] = {**envelope.delivery_info(raw), "priority": head.priority}
    info["worker_pid"] = None
    return info


def _arguments(state: Any, raw: bytes, safe: bool) -> tuple[Any, Any]:
    headers = envelope.decode(raw).headers
    told = (headers.get("argsrepr"), headers.get("kwargsrepr"))
    if safe or len(raw) > _LARGE:
        return told
    conf = state.app.conf
    try:
        request = Opener(state.hostname, serializers.accept_set(conf["accept_content"])).whole(raw, False)
    except REFUSALS:
        return told
    return request.args, request.kwargs


def _of_hand(state: Any, hand: Hand, running: Running | None, safe: bool) -> dict[str, Any]:
    info = describe(state, hand.raw, safe)
    info["acknowledged"] = hand.settled
    if running is not None:
        info["time_start"] = time.time() - (time.monotonic() - running.since)
        info["worker_pid"] = running.pid
    return info


def _described(state: Any, hands: Sequence[tuple[Hand, Running | None]], safe: bool) -> list[dict[str, Any]]:
    """With the arguments of the first few megabytes, for a reply is one message; the rest as their senders said."""
    found: list[dict[str, Any]] = []
    size = 0
    for hand, running in hands:
        size += len(hand.raw)
        found.append(_of_hand(state, hand, running, safe or size > _LARGE_ALL))
    return found


def _split(state: Any) -> tuple[list[tuple[Hand, Running]], list[Hand]]:
    """What runs, and what is in hand and does not."""
    running = {running.run: running for running in state.consumer.pool.running()}
    hands: Iterable[Hand] = state.consumer.hands
    active = [(hand, running[hand.run]) for hand in hands if hand.run in running]
    return active, [hand for hand in hands if hand.run not in running]


@inspect_command(alias="dump_active")
def active(state: Any, safe: bool = False) -> list[dict[str, Any]]:
    """List of tasks currently being executed."""
    return _described(state, _split(state)[0], safe)


@inspect_command(alias="dump_reserved")
def reserved(state: Any, safe: bool = False) -> list[dict[str, Any]]:
    """List of tasks that were taken from a queue and wait for a free slot."""
    return _described(state, [(hand, None) for hand in _split(state)[1]], safe)


@inspect_command(alias="dump_schedule")
async def scheduled(state: Any, safe: bool = False) -> list[dict[str, Any]]:
    """List of tasks that wait for their time in the broker, for the queues this worker consumes."""
    return [
        {
            "eta": datetime.fromtimestamp(due, UTC).isoformat(),
            "priority": 6,
            "request": describe(state, raw, bool(safe)),
        }
        for due, raw in await _delayed(state)
    ]


async def _delayed(state: Any) -> tuple[tuple[float, bytes], ...]:
    """The broker holds them, not this worker: others that consume the same queues say the same."""
    connection = state.consumer.connection
    store = delayed_of(connection.transport)
    if store is None:
        return ()
    queues = [queue.name for queue in state.consumer.claimer.queues]
    found: tuple[tuple[float, bytes], ...] = await connection.attempt(store.waiting(queues, _MOST_SHOWN))
    return tuple((due, raw) for due, raw in found if _is_readable(raw))


def _is_readable(raw: bytes) -> bool:
    try:
        envelope.peek(raw)
    except DecodeError:
        return False
    return True


@inspect_command(args=[("ids", str)], variadic="ids", signature="[id1 [id2 [... [idN]]]]")
async def query_task(state: Any, ids: Any, **kwargs: Any) -> dict[str, Any]:
    """Query for task information by id."""
    wanted = {ids} if isinstance(ids, str) else set(ids)
    running, waiting = _split(state)
    found: dict[str, Any] = {}
    for hand, run in running:
        if hand.head.id in wanted:
            found[hand.head.id] = ["active", _of_hand(state, hand, run, False)]
    for hand in waiting:
        if hand.head.id in wanted:
            found[hand.head.id] = ["reserved", _of_hand(state, hand, None, False)]
    if wanted.difference(found):
        for _, raw in await _delayed(state):
            if (id := envelope.peek(raw).id) in wanted:
                found[id] = ["scheduled", describe(state, raw, False)]
    return found


@inspect_command(
    alias="dump_tasks",
    args=[("taskinfoitems", str)],
    variadic="taskinfoitems",
    signature="[attr1 [attr2 [... [attrN]]]]",
)
def registered(state: Any, taskinfoitems: Any = None, builtins: bool = False, **kwargs: Any) -> list[str]:
    """List of registered tasks."""
    items = taskinfoitems or _SHOWN
    tasks = state.app.tasks
    return [_task_line(tasks[name], items) for name in sorted(tasks) if builtins or not name.startswith(_BUILT_IN)]


def _task_line(task: Any, items: Iterable[str]) -> str:
    said = [f"{item}={value}" for item in items if (value := getattr(task, item, None)) is not None]
    return f"{task.name} [{' '.join(said)}]" if said else str(task.name)


@inspect_command(alias="dump_revoked")
def revoked(state: Any, **kwargs: Any) -> list[str]:
    """List of revoked task-ids."""
    known = state.consumer.revoker.revoked
    ids: list[str] = known.ids()
    return ids
