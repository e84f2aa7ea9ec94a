"""Whereabouts: what the servers know of a task, by its id; finer than its state, which is PENDING for much of it."""

from enum import StrEnum


class Whereabouts(StrEnum):
    """Where a task's message, or what became of it, is right now."""

    QUEUED = "queued"  # it may be claimed at any moment
    DELAYED = "delayed"  # it waits in the broker's store until it is due
    CLAIMED = "claimed"  # a worker has it: it runs, or will as soon as there is a slot
    DEAD = "dead"  # it is in the dead-letter store
    STORED = "stored"  # it has ended, and its result is stored
    UNKNOWN = "unknown"  # never sent, or ended without (or with a since forgotten) result
