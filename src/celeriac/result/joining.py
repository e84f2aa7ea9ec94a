"""Whether a task may wait for another task's result: it may not, unless it says that it knows what it does."""

from collections.abc import Iterator
from contextlib import contextmanager

from celeriac.current import restore_task_join_will_block, set_task_join_will_block, task_join_will_block

NEVER_INSIDE_A_TASK = (
    "Never call result.get() within a task! The task would hold its worker's slot while it waits for another "
    "task that may need that slot. Use a callback or a chain, or say disable_sync_subtasks=False if you are sure."
)


def assert_will_not_block() -> None:
    """Raises RuntimeError inside a task."""
    if task_join_will_block():
        raise RuntimeError(NEVER_INSIDE_A_TASK)


@contextmanager
def allow_join_result() -> Iterator[None]:
    """Inside, waiting is allowed, also in a task."""
    token = set_task_join_will_block(False)
    try:
        yield
    finally:
        restore_task_join_will_block(token)


@contextmanager
def denied_join_result() -> Iterator[None]:
    """Inside, waiting is forbidden."""
    token = set_task_join_will_block(True)
    try:
        yield
    finally:
        restore_task_join_will_block(token)
