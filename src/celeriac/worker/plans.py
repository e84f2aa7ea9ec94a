"""What the worker has to know of a task to settle its deliveries, worked out once per task."""

from collections.abc import Mapping
from typing import Any

import msgspec

from celeriac.process.packets import REPORT_START


class TaskPlan(msgspec.Struct, frozen=True):
    """The acknowledgement rules and limits of one task."""

    name: str
    late: bool
    ack_failure: bool
    ack_timeout: bool
    requeue_lost: bool
    retry_lost: bool
    max_lost: int
    max_retries: int | None
    soft_limit: float | None
    hard_limit: float | None
    stores: bool  # results are stored (unless the call says otherwise)
    stores_errors: bool  # failures are stored even if results are not
    track_started: bool = False
    rate_limit: Any = None
    # worked out from the above, because every delivery asks
    flags: int = 0  # how its jobs are marked for the pool
    limited: bool = False  # its runs have a time limit even if the caller sets none


class Plans:
    """Plans by task name; a task registered or changed later is looked at afresh by `forget`."""

    def __init__(self, tasks: Mapping[str, Any], conf: Mapping[str, Any]) -> None:
        self._tasks = tasks
        self._conf = conf
        self._plans: dict[str, TaskPlan] = {}

    def get(self, name: str) -> TaskPlan | None:
        """None if no such task is registered."""
        plan = self._plans.get(name)
        if plan is None and name in self._tasks:
            plan = self._plans[name] = self._make(name)
        return plan

    def forget(self, name: str) -> None:
        self._plans.pop(name, None)

    def replace(self, plan: TaskPlan) -> None:
        """Limits changed at run time."""
        self._plans[plan.name] = plan

    def _make(self, name: str) -> TaskPlan:
        task, conf = self._tasks[name], self._conf
        both = _first(getattr(task, "acks_on_failure_or_timeout", None), conf["task_acks_on_failure_or_timeout"], True)
        late = bool(_first(task.acks_late, conf["task_acks_late"]))
        soft = _first(task.soft_time_limit, conf["task_soft_time_limit"])
        hard = _first(task.time_limit, conf["task_time_limit"])
        return TaskPlan(
            name=name,
            late=late,
            ack_failure=bool(_first(getattr(task, "acks_on_failure", None), conf["task_acks_on_failure"], both)),
            ack_timeout=bool(_first(getattr(task, "acks_on_timeout", None), conf["task_acks_on_timeout"], both)),
            requeue_lost=bool(_first(task.reject_on_worker_lost, conf["task_reject_on_worker_lost"])),
            retry_lost=bool(_first(getattr(task, "retry_on_worker_lost", None), conf["task_retry_on_worker_lost"])),
            max_lost=conf["task_max_lost"],
            max_retries=task.max_retries,
            soft_limit=soft,
            hard_limit=hard,
            stores=not _first(task.ignore_result, conf["task_ignore_result"]),
            stores_errors=bool(_first(task.store_errors_even_if_ignored, conf["task_store_errors_even_if_ignored"])),
            track_started=bool(_first(task.track_started, conf["task_track_started"])),
            rate_limit=_first(task.rate_limit, conf["task_default_rate_limit"]),
            flags=0 if late else REPORT_START,
            limited=bool(soft or hard),
        )


def _first(*values: Any) -> Any:
    """The first that says something."""
    return next((value for value in values if value is not None), None)
