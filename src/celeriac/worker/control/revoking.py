"""Commands that keep tasks from running, or end them."""

import signal as signals
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from celeriac.core import revocation

from .panel import control_command, ok


@control_command(args=[("task_id", str)], variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
async def revoke(
    state: Any, task_id: str | Iterable[str], terminate: bool = False, signal: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Revoke task by task id (or list of ids)."""
    ids = {task_id} if isinstance(task_id, str) else set(task_id)
    marks = revocation.of_tasks(ids)
    if terminate:
        found = await _terminate(state, marks, signal)
        return ok(f"terminate: {', '.join(found)}" if found else "terminate: tasks unknown")
    await state.consumer.revoker.revoke(marks, state.recorded)
    return ok(f"tasks {ids} flagged as revoked")


@control_command(
    args=[("signal", str), ("task_id", str)], variadic="task_id", signature="<signal> [id1 [id2 [... [idN]]]]"
)
async def terminate(state: Any, signal: Any, task_id: str | Iterable[str], **kwargs: Any) -> dict[str, Any]:
    """Terminate task by task id (or list of ids)."""
    return await revoke(state, task_id, terminate=True, signal=signal)


@control_command(
    args=[("headers", str)], variadic="headers", signature="[key1=value1 [key2=value2 [... [keyN=valueN]]]]"
)
async def revoke_by_stamped_headers(
    state: Any, headers: Mapping[str, Any] | Sequence[str], terminate: bool = False, signal: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Revoke task by header (or list of headers)."""
    stamps = dict(headers) if isinstance(headers, Mapping) else _pairs(headers)
    marks = revocation.of_stamps(stamps)
    if terminate:
        found = await _terminate(state, marks, signal)
        return ok(f"headers {stamps} revoked: {', '.join(found)}" if found else f"headers {stamps} were not terminated")
    await state.consumer.revoker.revoke(marks, state.recorded)
    return ok(f"headers {stamps} flagged as revoked, but not terminated")


@control_command(args=[("group_id", str)], signature="<group_id>")
async def revoke_by_group(
    state: Any, group_id: str, terminate: bool = False, signal: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Revoke all members of a group."""
    return await _revoke_all(state, f"group {group_id}", revocation.of_group(group_id), (terminate, signal))


@control_command(args=[("root_id", str)], signature="<root_id>")
async def revoke_by_root(
    state: Any, root_id: str, terminate: bool = False, signal: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Revoke a workflow: its first task and all that was sent on its behalf."""
    return await _revoke_all(state, f"workflow {root_id}", revocation.of_root(root_id), (terminate, signal))


async def _revoke_all(state: Any, what: str, mark: str, ending: tuple[bool, Any]) -> dict[str, Any]:
    terminate, signal = ending
    if terminate:
        found = await _terminate(state, [mark], signal)
        return ok(f"{what}: terminate: {', '.join(found) or 'tasks unknown'}")
    await state.consumer.revoker.revoke([mark], state.recorded)
    return ok(f"{what} flagged as revoked")


async def _terminate(state: Any, marks: Sequence[str], signal: Any) -> list[str]:
    """Those in hand that were named. What runs is ended before anything waits for the broker."""
    number = signal_number(signal or "SIGTERM")
    revoker = state.consumer.revoker
    revoker.revoked.add(marks)
    found: list[str] = revoker.terminate(marks, number)
    await revoker.revoke(marks, state.recorded, found)
    return found


def signal_number(signal: Any) -> int:
    """From SIGTERM, TERM, term or 15."""
    if isinstance(signal, str) and not signal.isdecimal():
        name = signal.upper() if signal.upper().startswith("SIG") else f"SIG{signal.upper()}"
        found = getattr(signals, name, None)
        if not isinstance(found, signals.Signals):
            raise ValueError(f"there is no signal {signal!r} here")
        return int(found)
    return int(signals.Signals(int(signal)))


def _pairs(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(sign for _, sign, _ in pairs):
        raise ValueError(f"stamps are written header=value, not {' '.join(words)!r}")
    return {header: value for header, _, value in pairs}
