"""The command group: global options before or behind the sub-command, sub-commands found by name."""

import copy
import importlib
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from celeriac import __version__
from celeriac.app.plugins import entry_points
from celeriac.core.near import near

from .context import GLOBAL_OPTIONS, Session, configured, said_behind
from .options import own_options, with_options

# name -> module with a click command `command`; a line of help is in the command itself
BUILT_IN: Final = {
    "amqp": "celeriac.cli.amqp.command",
    "beat": "celeriac.cli.beat",
    "call": "celeriac.cli.call",
    "control": "celeriac.cli.control",
    "dead": "celeriac.cli.dead",
    "demo": "celeriac.cli.demo.command",
    "events": "celeriac.cli.events",
    "graph": "celeriac.cli.graph.command",
    "inspect": "celeriac.cli.inspect",
    "list": "celeriac.cli.listing.command",
    "logtool": "celeriac.cli.logtool.command",
    "migrate": "celeriac.cli.migrate",
    "multi": "celeriac.cli.multi.command",
    "purge": "celeriac.cli.purge",
    "queues": "celeriac.cli.queues",
    "report": "celeriac.cli.report",
    "result": "celeriac.cli.result",
    "schedule": "celeriac.cli.schedule",
    "settings": "celeriac.cli.settings",
    "shell": "celeriac.cli.shell",
    "status": "celeriac.cli.status",
    "upgrade": "celeriac.cli.upgrade",
    "worker": "celeriac.cli.worker",
}
_WITHOUT_APP: Final = frozenset({"demo", "logtool", "multi", "upgrade"})


class Commands(click.Group):
    """Finds sub-commands lazily, in the table above and in entry points."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*BUILT_IN, *self._extensions()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in BUILT_IN:
            return self._named(importlib.import_module(BUILT_IN[cmd_name]).command)
        point = self._extensions().get(cmd_name)
        loaded: click.Command | None = point.load() if point is not None else None
        return loaded

    def _extensions(self) -> dict[str, Any]:
        """Commands of other distributions; the command celery has those that were made for Celery, too."""
        return {**entry_points(f"{self.name}.commands"), **entry_points("celeriac.commands")}

    def _named(self, command: click.Command) -> click.Command:
        """Its help speaks of the command that was called."""
        if self.name in (None, "celeriac") or not command.help:
            return command
        named = copy.copy(command)
        named.help = command.help.replace("celeriac ", f"{self.name} ")
        return named

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """An unknown name is answered with the nearest known one."""
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as exc:
            meant = near(args[0], self.list_commands(ctx))
            if meant:
                raise click.UsageError(f"{exc.message} Did you mean {meant!r}?", ctx) from exc
            raise
        if command is not None:
            session = ctx.ensure_object(Session)
            # What stands before the sub-command is parsed by now; the group's own callback comes later.
            session.options.update({option: value for option, value in ctx.params.items() if value})
            session.options.update(said_behind(rest, own_options(command)))
            command = _dressed(command, session, name, helping="--help" in rest or "-h" in rest)
        return name, command, rest


def _dressed(command: click.Command, session: Session, name: Any, helping: bool) -> click.Command:
    """With the global options and the app's own; help is shown even where the app can't be loaded."""
    try:
        with configured():
            return with_options(command, session, load_app=name not in _WITHOUT_APP)
    except click.ClickException:
        if not helping:
            raise
    return with_options(command, session, load_app=False)


def command_line(product: str) -> click.Group:
    """The whole command, under that name."""
    title, prefix = product.capitalize(), product.upper()

    @click.command(
        product,
        cls=Commands,
        help=f"""{title}, a distributed task queue.

        Name your app with -A: a module (tasks), a module and an attribute (proj.tasks:app), or a package (proj).
        New here? Try: {product} demo
        """,
        context_settings={
            "help_option_names": ["-h", "--help"],
            "auto_envvar_prefix": prefix,
            "max_content_width": 100,
        },
        epilog=f"Every option of a sub-command can also be given in the environment: {prefix}_WORKER_CONCURRENCY=4.",
    )
    @click.version_option(__version__, prog_name=product)
    @click.pass_context
    def group(ctx: click.Context, /, **options: Any) -> None:
        session = ctx.ensure_object(Session)
        session.options.update({name: value for name, value in options.items() if value})

    assert isinstance(group, click.Group)
    group.params.extend(GLOBAL_OPTIONS)
    return group


celeriac: Final = command_line("celeriac")


def run(app: Any, argv: Sequence[str] | None = None) -> int:
    """The command line for an app that is there already: app.start() and app.worker_main()."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        command = command_line(app.product)
        code = command.main(words, prog_name=app.product, obj=Session(app), standalone_mode=False)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else 1
    return code if isinstance(code, int) else 0
