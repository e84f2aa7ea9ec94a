"""Commands that change limits of tasks until the worker restarts."""

from typing import Any

import msgspec

from .panel import control_command, nok, ok


@control_command(
    args=[("task_name", str), ("soft", float), ("hard", float)],
    signature="<task_name> <soft_secs> [hard_secs]",
)
def time_limit(
    state: Any, task_name: str | None = None, hard: float | None = None, soft: float | None = None, **kwargs: Any
) -> dict[str, Any]:
    """Tell worker(s) to modify the time limit for task by type."""
    task = state.app.tasks.get(task_name)
    if task is None:
        return nok("unknown task")
    task.soft_time_limit = soft
    task.time_limit = hard
    plan = state.consumer.plans.get(task_name)
    limited = msgspec.structs.replace(plan, soft_limit=soft, hard_limit=hard, limited=bool(soft or hard))
    state.consumer.plans.replace(limited)
    return ok("time limits set successfully")


@control_command(
    args=[("task_name", str), ("rate_limit", str)],
    signature="<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>",
)
def rate_limit(state: Any, task_name: str | None = None, rate_limit: Any = None, **kwargs: Any) -> dict[str, Any]:
    """Tell worker(s) to modify the rate limit for a task by type."""
    task = state.app.tasks.get(task_name)
    if task is None:
        return nok("unknown task")
    try:
        state.consumer.limit_rate(task_name, rate_limit)
    except ValueError as exc:
        return nok(f"Invalid rate limit string: {exc}")
    task.rate_limit = rate_limit
    return ok("new rate limit set successfully" if rate_limit else "rate limit disabled successfully")
