"""What `inspect`, `control` and `status` share: options, words made into arguments, and replies made into text."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import click

from celeriac.control.inspect import sharing_a_name, told_apart
from celeriac.worker.control import CommandInfo, Panel

from .printing import plural, printable_lines
from .reaching import EX_UNAVAILABLE
from .types import COMMA_LIST

F = TypeVar("F", bound=Callable[..., Any])
NOBODY: Final = "No nodes replied within time constraint"


def remote_options(command: F) -> F:
    """-t, -d and -j."""
    for option in (
        click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("-d", "--destination", type=COMMA_LIST, help="Only these nodes (comma separated names)."),
        click.option("-t", "--timeout", type=float, help="Seconds to wait for replies."),
    ):
        command = option(command)
    return command


def list_option(kind: str) -> Callable[[F], F]:
    """--list: the commands of this kind, and no more."""
    show = _listing(kind)
    return click.option(
        "--list", is_flag=True, is_eager=True, expose_value=False, callback=show, help="List the commands there are."
    )


def _listing(kind: str) -> Callable[[click.Context, click.Parameter, bool], None]:

    def show(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
        if not wanted or ctx.resilient_parsing:
            return
        formatter = ctx.make_formatter()
        with formatter.section(f"{kind.capitalize()} Commands"):
            formatter.write_dl(
                [(f"{info.name} {info.signature or ''}".strip(), info.help or "") for info in commands(kind)]
            )
        click.echo(formatter.getvalue().rstrip("\n"))
        ctx.exit()

    return show


def commands(kind: str) -> list[CommandInfo]:
    """Those that are shown, by name."""
    return [info for _, info in sorted(Panel.meta.items()) if info.type == kind and info.visible]


def command_named(kind: str, name: str) -> CommandInfo:
    """Raises a usage error that names the commands there are."""
    info = Panel.meta.get(name)
    if info is None or info.type != kind:
        known = ", ".join(info.name for info in commands(kind))
        raise click.UsageError(f"Command {name} not recognized. Available {kind} commands: {known}")
    return info


def arguments(info: CommandInfo, words: Sequence[str]) -> dict[str, Any]:
    """The words behind a command's name as its arguments."""
    found: dict[str, Any] = {}
    left = list(words)
    for name, read in info.args:
        if name == info.variadic:
            break
        if left:
            found[name] = _read(info, name, read, left.pop(0))
    if info.variadic and left:
        read = dict(info.args).get(info.variadic, str)
        found[info.variadic] = [_read(info, info.variadic, read, word) for word in left]
        left.clear()
    if left:
        raise click.UsageError(
            f"{info.name} takes no argument {left[0]!r}: {info.name} {info.signature or ''}".rstrip()
        )
    return found


def _read(info: CommandInfo, name: str, read: Callable[[str], Any], word: str) -> Any:
    try:
        return read(word)
    except ValueError as exc:
        raise click.UsageError(f"{info.name}: {name} can't be {word!r}.") from exc


def show(replies: Iterable[Mapping[str, Any]]) -> None:
    """One paragraph a node."""
    replies = list(replies)
    for node, reply in ((node, reply) for some in replies for node, reply in some.items()):
        verdict, text = _told(reply)
        click.echo(f"->  {printable_lines(node)}: {verdict}")
        if text:
            click.echo(printable_lines(text))
    twice = sharing_a_name(replies)
    if twice:
        click.echo(f"Warning: {printable_lines(told_apart(twice))}", err=True)


def _told(reply: Any) -> tuple[str, str]:
    if isinstance(reply, Mapping) and "error" in reply:
        return click.style("ERROR", fg="red"), _indented(reply["error"], 8)
    verdict = click.style("OK", fg="green")
    if isinstance(reply, Mapping) and "ok" in reply:
        return verdict, _indented(reply["ok"], 8)
    if isinstance(reply, list):
        return verdict, "\n".join(f"    * {one}" for one in reply) or "    - empty -"
    if isinstance(reply, Mapping):
        return verdict, _indented(json.dumps(reply, indent=4, sort_keys=True, default=repr), 4)
    return verdict, "" if reply is None else _indented(reply, 8)


def _indented(value: Any, width: int) -> str:
    return "\n".join(" " * width + line for line in str(value).splitlines())


def online(count: int) -> None:
    click.echo(f"\n{plural(count, 'node')} online.")


def nobody() -> None:
    """Ends the command."""
    click.echo(f"Error: {NOBODY}", err=True)
    sys.exit(EX_UNAVAILABLE)
