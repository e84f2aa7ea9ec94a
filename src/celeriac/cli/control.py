"""`celeriac control`: tell the workers to do something."""

import json
from typing import Any, Final

import click

from celeriac.core.ports.revocations import revocations_of
from celeriac.worker.control import CommandInfo

from . import remote
from .context import session
from .reaching import reaching

# Revocations are more than a command: the broker is to remember them.
_REVOKING: Final = ("revoke", "terminate", "revoke_by_stamped_headers", "revoke_by_group", "revoke_by_root")


@click.command("control", short_help="Tell the workers to do something.")
@click.argument("name", metavar="COMMAND")
@click.argument("words", nargs=-1, metavar="[ARGUMENTS]...")
@remote.list_option("control")
@remote.remote_options
@reaching
def command(
    name: str, words: tuple[str, ...], timeout: float | None, destination: tuple[str, ...] | None, as_json: bool
) -> None:
    """Tell the workers to do something: revoke, shutdown, add_consumer ... (see --list).

    Exit code 69 if no worker answers. (Nobody answers to shutdown.)
    """
    app = session().app
    info = remote.command_named("control", name)
    options = {
        "destination": list(destination) if destination else None,
        "timeout": info.default_timeout if timeout is None else timeout,
        "reply": True,
    }
    replies = _say(app, info, remote.arguments(info, words), options)
    if not replies and name in _REVOKING and not destination and revocations_of(app.transports.write) is not None:
        click.echo("No node replied. The broker remembers it for those that come.", err=True)
    elif not replies and name == "shutdown":
        click.echo("Told to whoever listens; nobody answers to shutdown, and `status` shows who is left.", err=True)
    elif not replies:
        remote.nobody()
    if as_json:
        click.echo(json.dumps(replies))
    else:
        remote.show(replies)


def _say(app: Any, info: CommandInfo, arguments: dict[str, Any], options: dict[str, Any]) -> Any:
    if info.name not in _REVOKING:
        return app.control.broadcast(info.name, arguments=arguments, **options)
    what = next((argument for argument, _ in info.args if argument != "signal"), "")
    if not arguments.get(what):
        raise click.UsageError(f"{info.name} {info.signature}")
    named = arguments.pop(what)
    if what == "headers":
        named = _pairs(named)
    return getattr(app.control, info.name)(named, **arguments, **options)


def _pairs(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(sign for _, sign, _ in pairs):
        raise click.UsageError("Stamps are written header=value.")
    return {header: value for header, _, value in pairs}
