"""How a worker ends: one table of (signal, phase) -> action, and what each action does."""

import enum
import os
import signal
from typing import Final


class Phase(enum.IntEnum):
    """How far the shutdown is."""

    RUNNING = 0
    WARM = 1  # running tasks may end, nothing new is begun
    SOFT = 2  # the same for worker_soft_shutdown_timeout, then cold
    COLD = 3  # running tasks are ended and go back to their queues
    OVER = 4  # the process ends at once


class Action(enum.Enum):
    """What a signal asks for."""

    WARM = "warm"
    COLD = "cold"  # by way of SOFT if a soft time is set
    COLD_NOW = "cold now"
    TERMINATE = "terminate"
    IGNORE = "ignore"


TABLE: Final[dict[tuple[str, Phase], Action]] = {
    ("SIGTERM", Phase.RUNNING): Action.WARM,
    ("SIGTERM", Phase.WARM): Action.IGNORE,
    ("SIGTERM", Phase.SOFT): Action.IGNORE,
    ("SIGTERM", Phase.COLD): Action.IGNORE,
    ("SIGINT", Phase.RUNNING): Action.WARM,
    ("SIGINT", Phase.WARM): Action.COLD,
    ("SIGINT", Phase.SOFT): Action.COLD_NOW,
    ("SIGINT", Phase.COLD): Action.TERMINATE,
    ("SIGQUIT", Phase.RUNNING): Action.COLD,
    ("SIGQUIT", Phase.WARM): Action.COLD,
    ("SIGQUIT", Phase.SOFT): Action.COLD_NOW,
    ("SIGQUIT", Phase.COLD): Action.TERMINATE,
}

SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGQUIT")


def action(name: str, phase: Phase) -> Action:
    """REMAP_SIGTERM=SIGQUIT in the environment makes SIGTERM mean SIGQUIT."""
    if name == "SIGTERM":
        name = os.environ.get("REMAP_SIGTERM") or name
    return TABLE.get((name, phase), Action.TERMINATE if phase is Phase.OVER else Action.IGNORE)


def number(name: str) -> signal.Signals:
    return signal.Signals[name]
