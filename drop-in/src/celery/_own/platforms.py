"""celery.platforms: exit codes, signals and processes."""

import errno
import os
import platform
import signal as _signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celeriac.cli.pidfile import PidFile
from celeriac.cli.privileges import become

EX_OK = getattr(os, "EX_OK", 0)
EX_FAILURE = 1
EX_UNAVAILABLE = getattr(os, "EX_UNAVAILABLE", 69)
EX_USAGE = getattr(os, "EX_USAGE", 64)
EX_CANTCREAT = getattr(os, "EX_CANTCREAT", 73)

SYSTEM = platform.system()
IS_macOS = SYSTEM == "Darwin"
IS_WINDOWS = SYSTEM == "Windows"
SIGNAMES = {name for name in dir(_signal) if name.startswith("SIG") and "_" not in name}
SIGMAP = {getattr(_signal, name): name for name in SIGNAMES}
Pidfile = PidFile


class LockFailed(Exception):
    """A pid file belongs to a process that runs."""


def pyimplementation() -> str:
    """CPython, PyPy ..."""
    return platform.python_implementation()


def create_pidlock(pidfile: str) -> PidFile:
    """A pid file of this process, removed when it ends."""
    lock = PidFile(pidfile)
    lock.check()
    lock.__enter__()
    return lock


def parse_uid(uid: Any) -> int:
    """A user's number."""
    import pwd

    return int(uid) if str(uid).isdigit() else pwd.getpwnam(uid).pw_uid


def parse_gid(gid: Any) -> int:
    """A group's number."""
    import grp

    return int(gid) if str(gid).isdigit() else grp.getgrnam(gid).gr_gid


def setuid(uid: Any) -> None:
    """Become this user."""
    os.setuid(parse_uid(uid))


def setgid(gid: Any) -> None:
    """Become of this group."""
    os.setgid(parse_gid(gid))


def setgroups(groups: Any) -> None:
    """Become of these groups."""
    os.setgroups(groups)


def initgroups(uid: int, gid: int) -> None:
    """Become of all groups of a user."""
    import pwd

    os.initgroups(pwd.getpwuid(uid).pw_name, gid)


def maybe_drop_privileges(uid: Any = None, gid: Any = None) -> None:
    """Become this user and of this group."""
    if uid or gid:
        become(uid, gid)


class Signals:
    """celery.platforms.signals: handlers by the signals' names."""

    ignored = _signal.SIG_IGN
    default = _signal.SIG_DFL

    def signum(self, name: Any) -> int:
        """The number."""
        if isinstance(name, int):
            return name
        return int(getattr(_signal, name if name.startswith("SIG") else f"SIG{name.upper()}"))

    def supported(self, name: str) -> bool:
        """True if this system has it."""
        return hasattr(_signal, name if name.startswith("SIG") else f"SIG{name.upper()}")

    def arm_alarm(self, seconds: float) -> None:
        """SIGALRM after so many seconds."""
        _signal.setitimer(_signal.ITIMER_REAL, seconds)

    def reset_alarm(self) -> int:
        """No SIGALRM."""
        return _signal.alarm(0)

    def ignore(self, *names: str) -> None:
        """Ignore them."""
        for name in names:
            self[name] = self.ignored

    def reset(self, *names: str) -> None:
        """The system's own handling."""
        for name in names:
            self[name] = self.default

    def __getitem__(self, name: str) -> Any:
        return _signal.getsignal(self.signum(name))

    def __setitem__(self, name: str, handler: Any) -> None:
        _signal.signal(self.signum(name), handler)

    def update(self, _d_: Any = None, **sigmap: Any) -> None:
        """Several handlers."""
        for name, handler in {**(_d_ or {}), **sigmap}.items():
            self[name] = handler


signals = Signals()


def signal_name(signum: int) -> str:
    """TERM."""
    return _signal.Signals(signum).name[3:]


def isatty(fh: Any) -> bool:
    """True for a terminal."""
    return bool(getattr(fh, "isatty", bool)())


def get_fdmax(default: Any = None) -> Any:
    """How many files may be open."""
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return default if most == resource.RLIM_INFINITY else most


def get_errno_name(n: Any) -> str:
    """ENOENT."""
    return n if isinstance(n, str) else errno.errorcode[n]


@contextmanager
def ignore_errno(*errnos: Any, types: Any = Exception) -> Iterator[None]:
    """These errors are none."""
    numbers = [getattr(errno, e) if isinstance(e, str) else e for e in errnos]
    try:
        yield
    except types as exc:
        if getattr(exc, "errno", None) not in numbers:
            raise


def set_process_title(progname: str, info: str | None = None) -> str:
    """Titles are left to the operating system: the title that would have been set."""
    return f"{progname} {info}" if info else progname


def set_mp_process_title(progname: str, info: str | None = None, hostname: str | None = None) -> str:
    """The same, for a child."""
    return set_process_title(f"{progname}:{hostname or ''}", info)


def close_open_fds(keep: Any = None) -> None:
    """Close all files but these."""
    kept = sorted(
        {handle if isinstance(handle, int) else handle.fileno() for handle in keep or () if handle is not None}
    )
    low = 0
    for fd in [*kept, get_fdmax(2048)]:
        os.closerange(low, fd)
        low = fd + 1
