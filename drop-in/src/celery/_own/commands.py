"""celery.bin: Celery's command, and what extensions of it (entry points celery.commands) are made of."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from celeriac.cli.context import Session as CLIContext
from celeriac.cli.main import command_line
from celeriac.cli.types import (
    COMMA_LIST,
    ISO_DATE,
    JSON_ARRAY,
    JSON_OBJECT,
    LOG_LEVEL,
    SECONDS_OR_DATE,
    CommaList,
    LogLevel,
)

__all__ = ["JSON_ARRAY", "JSON_OBJECT", "LOG_LEVEL", "CLIContext", "LogLevel"]

COMMA_SEPARATED_LIST = COMMA_LIST
CommaSeparatedList = CommaList
ISO8601 = ISO_DATE
ISO8601_OR_FLOAT = SECONDS_OR_DATE

celery = command_line("celery")


def main() -> int:
    """Run it."""
    return int(celery(standalone_mode=True) or 0)


class CeleryOption(click.Option):
    """An option in a group of its command's help."""

    def __init__(self, *args: Any, help_group: str | None = None, **kwargs: Any) -> None:
        self.help_group = help_group or "Options"
        self.default_value_from_context = kwargs.pop("default_value_from_context", None)
        super().__init__(*args, **kwargs)

    def get_default(self, ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        """The default, which may be a value of the global options."""
        if self.default_value_from_context and ctx.obj is not None:
            self.default = getattr(ctx.obj, self.default_value_from_context, None)
        return super().get_default(ctx, *args, **kwargs)


class CeleryCommand(click.Command):
    """A sub-command."""


class DaemonOption(CeleryOption):
    """An option of a program that may run in the background."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, help_group="Daemonization Options", **kwargs)


class CeleryDaemonCommand(CeleryCommand):
    """A sub-command that may run in the background."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            DaemonOption(["-f", "--logfile"], help="Write the log there."),
            *(DaemonOption([f"--{name}"]) for name in ("pidfile", "uid", "gid", "umask", "executable")),
        ]


def handle_preload_options(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The app's own global options are handled before every sub-command."""

    def caller(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        return fun(ctx, *args, **kwargs)

    return update_wrapper(caller, fun)
