"""What a worker is told at its start, from the command line or from code."""

from typing import Any

import msgspec


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's own options; everything else is in the app's settings."""

    hostname: str
    concurrency: int
    autoscale: tuple[int, int] | None = None  # at most and at least so many processes; concurrency is the first number
    pool: str = "prefork"
    queues: tuple[str, ...] = ()  # empty: all of task_queues
    exclude_queues: tuple[str, ...] = ()
    purge: bool = False
    handle_signals: bool = True
    max_tasks_per_child: int | None = None
    max_memory_per_child: int | None = None
    task_events: bool = False
    optimization: str | None = None
    logfile: str | None = None
    app_name: str = ""  # as -A named it: for children that load the app themselves
    color: bool = False  # the log may have colours
    loglevel: int | str = "WARNING"
    beat: bool = False  # -B: a beat beside it
    schedule_filename: str | None = None
    scheduler: str | None = None
    extra: dict[str, Any] = {}  # options that user steps declared
