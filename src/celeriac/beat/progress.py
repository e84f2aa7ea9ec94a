"""How far the entries of a schedule have come, as schedulers write it down; and back into the entries."""

from collections.abc import Mapping
from typing import Any

from .file import Progress
from .ticks import micros, moment


def progress_of(schedule: Mapping[str, Any]) -> dict[str, Progress]:
    """What is to be remembered."""
    return {
        str(name): Progress(None if entry.last_run_at is None else micros(entry.last_run_at), entry.total_run_count)
        for name, entry in schedule.items()
    }


def resume(schedule: Mapping[str, Any], found: Mapping[str, Progress]) -> None:
    """Entries that are known go on from there; the others count from now."""
    for name, entry in schedule.items():
        progress = found.get(name)
        if progress is not None:
            entry.total_run_count = progress.runs
            if progress.last is not None:
                entry.last_run_at = moment(progress.last)
