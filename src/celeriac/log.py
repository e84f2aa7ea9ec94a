"""Loggers for tasks: their lines carry the running task's name and id."""

import logging
from typing import Final

TASK_LOGGER: Final = "celeriac.task"


def get_task_logger(name: str) -> logging.Logger:
    """A logger that a worker writes out with the name and id of the task that runs."""
    logger = logging.getLogger(name)
    if logger.parent is logging.root and name != TASK_LOGGER:
        logger.parent = logging.getLogger(TASK_LOGGER)
    return logger


__all__ = ["TASK_LOGGER", "get_task_logger"]
