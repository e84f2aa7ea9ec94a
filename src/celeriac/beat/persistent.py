"""PersistentScheduler: remembers in a file of its own when each entry ran last. For exactly one beat."""

import os
from typing import Any

from .file import Progress, StateFile, Unreadable
from .progress import progress_of, resume
from .scheduler import Scheduler


class PersistentScheduler(Scheduler):
    """`schedule_filename` is the file (beat_schedule_filename, -s); written at most once a second."""

    sync_every: float = 1.0

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        self.schedule_filename = os.fspath(kwargs.pop("schedule_filename", None) or app.conf.beat_schedule_filename)
        self._file = StateFile(self.schedule_filename)
        self._written: dict[str, Progress] | None = None
        self._unwritable = False
        super().__init__(app, *args, **kwargs)

    def setup_schedule(self) -> None:
        """The program's entries, each as far as the file says it has come."""
        super().setup_schedule()
        resume(self.schedule, self._read())
        self.sync()

    def _read(self) -> dict[str, Progress]:
        self._file.sweep()
        try:
            return self._file.read()
        except Unreadable as error:
            aside = self._file.move_aside()
            self.logger.error(
                "beat: The schedule file %s can't be used: %s. It was moved to %s; a new one is begun, and every entry "
                "counts from now.",
                self._file.path,
                error,
                aside,
            )
            return {}

    def sync(self) -> None:
        """Write the file, if anything has changed. A full disk is told once, and stops nothing."""
        progress = progress_of(self.schedule)
        if progress == self._written:
            return
        try:
            self._file.write(progress)
        except OSError as error:
            if not self._unwritable:
                self._unwritable = True
                self.logger.error("beat: The schedule file %s can't be written: %s", self._file.path, error)
            return
        self._unwritable = False
        self._written = progress

    @property
    def info(self) -> str:
        return f"    . db -> {self.schedule_filename}"
