"""Task attributes that a setting gives where neither the task nor its class says anything."""

from typing import Any, Final

# attribute of a task -> the setting behind it
FROM_CONFIG: Final = (
    ("serializer", "task_serializer"),
    ("rate_limit", "task_default_rate_limit"),
    ("priority", "task_default_priority"),
    ("time_limit", "task_time_limit"),
    ("soft_time_limit", "task_soft_time_limit"),
    ("track_started", "task_track_started"),
    ("acks_late", "task_acks_late"),
    ("acks_on_failure_or_timeout", "task_acks_on_failure_or_timeout"),
    ("acks_on_failure", "task_acks_on_failure"),
    ("acks_on_timeout", "task_acks_on_timeout"),
    ("reject_on_worker_lost", "task_reject_on_worker_lost"),
    ("retry_on_worker_lost", "task_retry_on_worker_lost"),
    ("ignore_result", "task_ignore_result"),
    ("store_eager_result", "task_store_eager_result"),
    ("store_errors_even_if_ignored", "task_store_errors_even_if_ignored"),
)


class FromConfig:
    """Reads the setting at each access until the task is bound; binding writes the value into the task.

    On a class it is None, so that a base class can be asked what it says itself.
    """

    def __init__(self, setting: str) -> None:
        self.setting = setting

    def __get__(self, task: Any, owner: type) -> Any:
        return None if task is None else task.app.conf[self.setting]


def settle(task: Any) -> None:
    """Write into the task what the settings say now, where nobody said anything: later reads are plain."""
    conf, own, cls = task.app.conf, task.__dict__, type(task)
    for attribute, setting in FROM_CONFIG:
        if own.get(attribute) is None and getattr(cls, attribute) is None:
            own[attribute] = conf[setting]
