"""The options a sub-command gets on top of its own: the global ones again, and those that the app declares."""

import copy
from typing import Any

import click

from celeriac.core import signals

from .context import GLOBAL_OPTIONS, Session


def with_options(command: click.Command, session: Session, load_app: bool) -> click.Command:
    """A copy of the command that takes the global options too, and the user options of the app.

    `celeriac worker -A proj` is the same as `celeriac -A proj worker`. The options a command declares itself
    win (-b of `worker` is not the broker's).
    """
    made = copy.copy(command)
    made.params = list(command.params)
    if load_app and session.names_app and not isinstance(command, click.Group):
        _add_user_options(made, session.app)
    taken = {opt for param in made.params for opt in param.opts}
    names = {param.name for param in made.params}
    for option in GLOBAL_OPTIONS:
        opts = [opt for opt in option.opts if opt not in taken]
        if opts and option.name not in names:
            made.params.append(_again(option, opts))
    if isinstance(made, click.Group):
        made.commands = {name: with_options(sub, session, load_app) for name, sub in made.commands.items()}
    return made


def own_options(command: click.Command) -> set[str]:
    """What a command, and what is below it, declares itself."""
    own = {opt for param in command.params for opt in param.opts}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*(own_options(one) for one in below))


def _again(option: click.Option, opts: list[str]) -> click.Option:
    """A global option, hidden behind a sub-command; what it is given goes to the session."""

    def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value:
            ctx.ensure_object(Session).options[option.name or ""] = value

    return click.Option(
        [*opts, f"global_{option.name}"],
        is_flag=option.is_flag,
        hidden=True,
        expose_value=False,
        default=None,
        allow_from_autoenv=False,
        callback=remember,
    )


def _add_user_options(command: click.Command, app: Any) -> None:
    """app.user_options["preload"] goes to every command, app.user_options["worker"] to the worker."""
    preload = list(app.user_options["preload"])
    command.params += [*preload, *app.user_options[command.name or ""]]
    if not preload:
        return
    callback = command.callback
    names = {param.name for param in preload}

    def announce(*args: Any, **given: Any) -> Any:
        options = {name: given.pop(name) for name in names if name in given}
        signals.user_preload_options.send(sender=command, app=app, options=options)
        return callback(*args, **given) if callback is not None else None

    command.callback = announce
