"""A file with the process id: at most one living process holds it."""

import contextlib
import os
from types import TracebackType
from typing import Final, Self

import click

EX_CANTCREAT: Final = 73


class PidFileTaken(click.ClickException):
    """The file can't be had: another process holds it, or it can't be written."""

    exit_code = EX_CANTCREAT


class PidFile:
    """`with PidFile(path):` holds it; a path of None is nothing."""

    def __init__(self, path: str | None) -> None:
        self._path = os.path.abspath(path) if path else None

    def check(self) -> None:
        """Raises PidFileTaken if a living process holds it or it can't be written; one of a dead process is removed."""
        if self._path is None:
            return
        folder = os.path.dirname(self._path)
        if not os.path.isdir(folder):  # better said now than in the background, where nobody hears it
            raise PidFileTaken(f"The pid file {self._path} can't be written: No such file or directory.")
        pid = self._holder(self._path)
        if pid is None:
            return
        if pid != os.getpid() and is_alive(pid):
            raise PidFileTaken(
                f"The pid file {self._path} names process {pid}, which is running: is the worker up already?"
            )
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def _holder(self, path: str) -> int | None:
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                text = file.read().strip()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise PidFileTaken(f"The pid file {path} can't be read: {exc.strerror}.") from exc
        return int(text) if text.isdigit() else 0

    def __enter__(self) -> Self:
        if self._path is not None:
            self.check()
            try:
                descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                raise PidFileTaken(f"The pid file {self._path} was taken by another process at this moment.") from None
            except OSError as exc:
                raise PidFileTaken(f"The pid file {self._path} can't be written: {exc.strerror}.") from exc
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{os.getpid()}\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._path is not None and self._holder(self._path) == os.getpid():
            os.unlink(self._path)


def is_alive(pid: int) -> bool:
    """True if there is such a process, whoever owns it."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
