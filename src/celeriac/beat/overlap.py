"""Whether the run before has ended: asked of the result store, for entries whose runs must not overlap."""

from typing import Any

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.states import READY_STATES

from .agenda import Item
from .calls import GROUP
from .policy import ALLOW
from .ticks import SECOND


def check_results(app: Any, name: str, entry: Any) -> None:
    """Raises ImproperlyConfigured if nobody could ever know when a run of this entry ends."""
    policy = entry.policy
    if policy is None or policy.overlap == ALLOW:
        return
    if entry.task == GROUP:
        raise ImproperlyConfigured(
            f"The periodic task {name!r}: overlap is for tasks, chains and chords, not for groups"
        )
    task = app.tasks.get(entry.task)
    ignored = (entry.options or {}).get("ignore_result")
    if ignored is None:
        ignored = app.conf.task_ignore_result if task is None else task.ignore_result
    if ignored or app.transports.results is None:
        raise ImproperlyConfigured(
            f"The periodic task {name!r}: overlap={policy.overlap!r} needs the results of {entry.task}, to know when a "
            "run has ended: set result_backend, and not ignore_result."
        )
    if app.transports.replies is not None:
        raise ImproperlyConfigured(
            f"The periodic task {name!r}: overlap={policy.overlap!r} needs results that every beat can look up: rpc:// "
            "tells them to the sender alone. Use a result_backend on a server, such as Redis."
        )


def is_running(app: Any, item: Item, now: int) -> bool:
    """True if the run before may still be going. Raises what the result store raises."""
    mark, policy = item.mark, item.policy
    if policy.overlap == ALLOW or not mark.task_id or now - mark.ran >= policy.overlap_timeout * SECOND:
        return False
    return app.AsyncResult(mark.task_id).state not in READY_STATES
