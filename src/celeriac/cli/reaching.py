"""A broker or result store that can't be reached is told in a sentence, with an exit code of its own."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import click

from celeriac.core.errors import BackendError, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ports import DeadLetters, Transport

from .context import configured, program_name, session

P = ParamSpec("P")
T = TypeVar("T")

EX_UNAVAILABLE: Final = 69
DEADLINE: Final = 10.0
LONG_DEADLINE: Final = 60.0


@contextmanager
def reached() -> Iterator[None]:
    """Ends the command with exit code 69 where the server does not answer."""
    try:
        with configured():
            yield
    except (OperationalError, BackendError) as exc:
        click.echo(f"{program_name()}: {exc}", err=True)
        sys.exit(EX_UNAVAILABLE)


def reaching(command: Callable[P, T]) -> Callable[P, T]:
    """`reached` around a whole command."""

    @wraps(command)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        with reached():
            return command(*args, **kwargs)

    return inner


def broker() -> Transport:
    """The transport a worker of the app would consume from."""
    transport: Transport = session().app.transports.read
    return transport


def dead_letters() -> tuple[Transport, DeadLetters]:
    """The dead-letter store beside the broker."""
    transport = broker()
    if transport.dead is None:
        raise click.UsageError(f"{transport.describe()} has no dead-letter store.")
    return transport, transport.dead


def perform(transport: Transport, flow: Flow[T], timeout: float = DEADLINE) -> T:
    """Run one flow over the transport's own link."""
    return transport.link().run(flow, timeout)


def queue_names(include: tuple[str, ...] | None, exclude: tuple[str, ...] | None) -> list[str]:
    """The queues that -Q names, else all of task_queues; without those of -X."""
    app: Any = session().app
    return [name for name in (include or list(app.amqp.queues.consume_from)) if name not in (exclude or ())]
