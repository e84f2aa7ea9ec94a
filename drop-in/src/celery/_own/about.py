"""What celery, celery.app and their like say about themselves, and small functions of theirs."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import click

from celeriac.control.inspect import prepared
from celeriac.current import Proxy, current_app, get_current_app
from celeriac.version import __version__ as own_version

# The version of Celery whose API this is: programs compare with it.
SERIES = "celeriac"
__version__ = "5.7.0"
__author__ = "The Celeriac developers"
__contact__ = ""
__homepage__ = "https://github.com/celeriac/celeriac"
__docformat__ = "restructuredtext"
__keywords__ = "task job queue distributed messaging actor"
VERSION_BANNER = f"{__version__} (celeriac {own_version})"


class version_info_t(NamedTuple):  # noqa: N801 - Celery's name
    """Celery's version in parts."""

    major: int
    minor: int
    micro: int
    releaselevel: str
    serial: str


VERSION = version_info = version_info_t(5, 7, 0, "", "")


def maybe_patch_concurrency(
    argv: list[str] | None = None, short_opts: Any = None, long_opts: Any = None, patches: Any = None
) -> None:
    """Nothing is patched here: green threads live in children that start patched."""


def app_or_default(app: Any = None) -> Any:
    """The app, or the current one."""
    return get_current_app() if app is None else app


def enable_trace() -> None:
    """Celery's tracing of how apps are passed around; nothing to trace here."""


disable_trace = enable_trace


def flatten_reply(reply: Iterable[dict[str, Any]] | None) -> dict[str, Any]:
    """Replies of nodes as one dict."""
    return prepared(list(reply or ())) or {}


def setup_worker_optimizations(app: Any, hostname: str | None = None) -> None:
    """Make the app the one of this process; there is nothing else to set up."""
    app.set_current()
    app.set_default()
    app.finalize()


def reset_worker_optimizations(app: Any = current_app) -> None:
    """Nothing was patched."""


def appstr(app: Any) -> str:
    """The app's name and address, for people."""
    return f"{app.main or '__main__'} at {id(app):#x}"


class CeleryCommandException(click.ClickException):
    """A command has failed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        vars(self)["exit_code"] = exit_code


tasks = Proxy(lambda: get_current_app().tasks)


def task(*args: Any, **kwargs: Any) -> Any:
    """celery.task.task of old programs: a task of the current app, bound only if asked."""
    from celeriac.app import shared_task

    kwargs.setdefault("accept_magic_kwargs", None)
    kwargs.pop("accept_magic_kwargs")
    return shared_task(*args, **kwargs)


def periodic_task(run_every: Any = None, **options: Any) -> Callable[..., Any]:
    """celery.task.periodic_task of old programs: a task, and its entry in the schedule."""

    def decorate(fun: Callable[..., Any]) -> Any:
        made = task(fun, **options)
        app = get_current_app()
        app.add_periodic_task(run_every, made.s())
        return made

    return decorate
