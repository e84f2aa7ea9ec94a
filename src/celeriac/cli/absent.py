"""Commands and options of Celery's command line that this release does not have: each says so by name."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

EX_USAGE: Final = 64

# name -> what to do instead, or why
COMMANDS: Final = {
    "amqp": "",
    "graph": "",
    "list": "`celeriac queues` lists queues.",
    "logtool": "",
    "migrate": "",
}


class NotInThisRelease(click.UsageError):
    """A known name whose feature is not there yet."""

    exit_code = EX_USAGE

    def __init__(self, name: str, advice: str = "") -> None:
        super().__init__(f"{name} is not in this release of Celeriac. {advice}".rstrip())


def refused(*declarations: str, flag: bool = False) -> Callable[[F], F]:
    """A decorator: an option that exists in Celery, and that nobody may take for working here."""

    def refuse(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value:
            raise NotInThisRelease("/".join(param.opts))

    return click.option(
        *declarations,
        is_flag=flag,
        default=None,
        hidden=True,
        expose_value=False,
        callback=refuse,
        allow_from_autoenv=False,
    )
