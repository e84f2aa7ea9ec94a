"""Loggers for tasks: their lines carry the running task's name and id."""

import logging
from typing import Final

TASK_LOGGER: Final = "celeriac.task"
_RESERVED: Final = ("celeriac", TASK_LOGGER)


def get_task_logger(name: str) -> logging.Logger:
    """A logger that a worker writes out with the name and id of the task that runs, whatever its own name."""
    if name in _RESERVED:
        raise RuntimeError(f"Logger name {name!r} is reserved!")
    logger = logging.getLogger(name)
    above: logging.Logger | None = logger
    while above is not None and above.name != TASK_LOGGER:
        above = above.parent
    if above is None:
        logger.parent = logging.getLogger(TASK_LOGGER)
    return logger


__all__ = ["TASK_LOGGER", "get_task_logger"]
