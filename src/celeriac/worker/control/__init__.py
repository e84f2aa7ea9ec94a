"""Remote control on the worker's side: a node that listens, and the commands, each topic in a file of its own."""

from . import events, memory, node, pool, queues, revoking, shutdown, state, tasks, tuning
from .panel import CommandInfo, Panel, control_command, inspect_command, nok, ok

__all__ = [
    "CommandInfo",
    "Panel",
    "control_command",
    "events",
    "inspect_command",
    "memory",
    "node",
    "nok",
    "ok",
    "pool",
    "queues",
    "revoking",
    "shutdown",
    "state",
    "tasks",
    "tuning",
]
