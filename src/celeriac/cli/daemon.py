"""A worker in the background: its options, leaving the terminal, and starting over on SIGHUP."""

import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import click
import msgspec

F = TypeVar("F", bound=Callable[..., Any])

# Set across an exec, so that the new image knows that it has left the terminal already.
_DETACHED: Final = "CELERIAC_IS_DETACHED"


class DaemonOptions(msgspec.Struct, frozen=True):
    """What the command line or the settings worker_logfile, worker_pidfile ... say."""

    logfile: str | None = None
    pidfile: str | None = None
    uid: str | int | None = None
    gid: str | int | None = None
    umask: str | int | None = None
    executable: str | None = None
    detach: bool = False


def daemon_options(command: F) -> F:
    """The options that Celery's worker, beat and events share."""
    for declarations, text in reversed(
        (
            (("-f", "--logfile"), "Log into this file; %n %h %d: the worker's name; %i %I: one file a process."),
            (("--pidfile",), "Write the process id here; refuse to start if it names a living process."),
            (("--uid",), "Run as this user."),
            (("--gid",), "Run as this group."),
            (("--umask",), "The umask of files it makes, octal."),
            (("--executable",), "The Python to run with, when detached."),
        )
    ):
        command = click.option(*declarations, help=text)(command)
    return click.option("-D", "--detach", is_flag=True, help="Run in the background.")(command)


def read(conf: Any, given: dict[str, Any], area: str = "worker") -> DaemonOptions:
    """The command line before the settings."""
    names = ("logfile", "pidfile", "uid", "gid", "umask", "executable")
    values = {name: given[name] if given[name] is not None else conf.get(f"{area}_{name}") for name in names}
    return DaemonOptions(**values, detach=bool(given["detach"]))


def set_umask(umask: str | int | None) -> None:
    """A number in text is octal, as chmod's."""
    if umask in (None, ""):
        return
    try:
        os.umask(int(umask, 8) if isinstance(umask, str) else int(umask or 0))
    except ValueError:
        raise click.BadParameter(f"{umask!r} is no octal number", param_hint="--umask") from None


def leave_terminal(options: DaemonOptions, logfile: str | None) -> None:
    """Go on in a process of its own session; the one that was called ends here, with exit code 0.

    `logfile` is the name of the parent's log file, all signs filled in.
    """
    if os.environ.pop(_DETACHED, None):
        return
    output = opened(logfile) if logfile else None
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():  # a process that leads no session can't get a terminal again
        os._exit(0)
    _turn_away_from_terminal(output)
    if options.executable:
        start_over(options.executable)


def look_at_log(logfile: str | None) -> None:
    """Raises click.ClickException if the log file can't be written."""
    if logfile:
        os.close(opened(logfile))


def opened(logfile: str) -> int:
    """Before the terminal is left: afterwards nobody would hear that it can't be."""
    try:
        return os.open(logfile, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as exc:
        raise click.ClickException(
            f"The log file {os.path.abspath(logfile)} can't be written: {exc.strerror}."
        ) from exc


def _turn_away_from_terminal(log: int | None) -> None:
    """What is said outside of the log (a crash of the interpreter) goes to the log file, if there is one."""
    null = os.open(os.devnull, os.O_RDWR)
    output = null if log is None else log
    for descriptor, target in ((0, null), (1, output), (2, output)):
        os.dup2(target, descriptor)
    for descriptor in {null, output}:
        if descriptor > 2:
            os.close(descriptor)


def start_over(executable: str | None = None, detached: bool = True) -> NoReturn:
    """Replace this process by a fresh one of the same command line; it keeps its process id."""
    if detached:
        os.environ[_DETACHED] = "1"
    python = executable or sys.executable
    os.execv(python, [python, *sys.orig_argv[1:]])  # noqa: S606 - the very command line this process had
