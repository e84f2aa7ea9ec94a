"""Whether waiting for another task's result here would block a worker's slot."""

from contextvars import ContextVar, Token
from typing import Final

from .stack import TOP

_SAID: Final[ContextVar[bool | None]] = ContextVar("celeriac.current.join_will_block", default=None)


def task_join_will_block() -> bool:
    """True inside a task that a worker runs, unless somebody said otherwise for this context."""
    said = _SAID.get()
    if said is not None:
        return said
    frame = TOP.get()
    while frame is not None:
        if frame[1].outbox is not None:
            return True
        frame = frame[2]
    return False


def set_task_join_will_block(blocks: bool | None) -> Token[bool | None]:
    """Say it for this context (None: as the running task says); undo with restore_task_join_will_block."""
    return _SAID.set(blocks)


def restore_task_join_will_block(token: Token[bool | None]) -> None:
    """What was said before."""
    _SAID.reset(token)
