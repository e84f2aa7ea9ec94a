"""Watching: where the result store can't count the parts of a chord, a task is sent along that watches its header."""

from typing import Any, Final

from .kinds import CHAIN, CHORD, Tree, body_of, kind_of, tasks_of
from .planning import Call, Flight

UNLOCK: Final = "celery.chord_unlock"


def counted(app: Any, flight: Flight) -> Flight:
    """The flight as it is if its joins can be counted; else with tasks that watch its headers instead."""
    results = app.transports.results
    if not flight.joins or results is None or results.joins is not None:
        return flight
    if getattr(results.results, "replies", False):
        raise NotImplementedError(
            f"Chords can't be had with results at {results.describe()}: only who sent a task can read its result, so "
            "no worker could gather a header. Set result_backend to a store that all share, for example Redis."
        )
    interval = app.conf.result_chord_retry_interval
    watching = [
        Call(UNLOCK, (header["options"]["task_id"], body), _arguments(header, interval), {"countdown": interval})
        for header, body in flight.chords
    ]
    return flight._replace(calls=[*flight.calls, *watching], joins=[])


def _arguments(header: Tree, interval: float) -> dict[str, Any]:
    """As Celery's task takes them: the results of the header as tuples."""
    ends = [end_id(member) for member in tasks_of(header)]
    return {"interval": interval, "max_retries": None, "result": [[[id, None], None] for id in ends]}


def end_id(member: Tree) -> str:
    """The id of the task by which a frozen member of a header ends."""
    while kind_of(member) == CHORD:
        member = body_of(member)
    if kind_of(member) == CHAIN and "task_id" not in (member.get("options") or {}):
        return end_id(tasks_of(member)[-1])
    id: str = member["options"]["task_id"]
    return id
