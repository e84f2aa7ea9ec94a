"""celeriac multi: start, stop and restart several workers of this machine by name."""

import signal
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import click
from click.core import ParameterSource

from celeriac import __version__
from celeriac.cli.context import GLOBAL_OPTIONS

from . import running, words
from .running import Place
from .words import NodeSpec, Words

_SIGNALS: Final = tuple(each.name.removeprefix("SIG") for each in signal.Signals)
_CMD: Final = "worker --detach"


class Multi:
    """One call of the command."""

    def __init__(self, product: str, found: Words) -> None:
        self._product = product
        self._found = found
        self._place = Place(product)
        self.nodes = words.nodes(found, product)
        self._signal = signal.Signals[f"SIG{found.signal or 'TERM'}"]

    def say(self, text: str) -> None:
        if "quiet" not in self._found.flags:
            click.echo(text)

    def splash(self) -> None:
        self.say(f"{self._product} multi v{__version__}")

    def command(self, node: NodeSpec) -> list[str]:
        own = self._found.own
        start = running.python_command(self._product, own.get("executable"))
        return running.command_of(node, self._place, start, own.get("cmd", _CMD), own.get("append", ""))

    # -- verbs --------------------------------------------------------------------------------------

    def start(self) -> int:
        self.splash()
        self.say("> Starting nodes...")
        return max([self._start(node) for node in self.nodes], default=0)

    def _start(self, node: NodeSpec) -> int:
        command = self.command(node)
        if "verbose" in self._found.flags:
            self.say(f"\t  {' '.join(command)}")
        code = running.start(command)
        self.say(f"\t> {node.name}: {'OK' if code == 0 else f'failed with exit code {code}'}")
        return code

    def stop(self, wait: bool = False) -> int:
        """TERM, or the signal that was named, to all that run."""
        self.splash()
        pids = self._signal_all(self._signal, "> Stopping nodes...")
        if wait and pids:
            self.say(
                f"> Waiting for {len(pids)} node{'s' if len(pids) > 1 else ''} -> {', '.join(map(str, pids.values()))}"
            )
            running.await_end(pids, self.say)
        return 0

    def kill(self) -> int:
        self.splash()
        self._signal_all(signal.SIGKILL, "> Killing nodes...")
        return 0

    def restart(self) -> int:
        """One after the other: some always run."""
        self.splash()
        code = 0
        for node in self.nodes:
            pid = running.pid_of(self._place.pidfile(node))
            if pid is not None:
                self.say(f"> Restarting node {node.name}: {self._signal.name.removeprefix('SIG')} -> {pid}")
                running.send(pid, self._signal)
                running.await_end({node.name: pid}, self.say)
            code = max(code, self._start(node))
        return code

    def show(self) -> int:
        for node in self.nodes:
            click.echo(" ".join(self.command(node)))
        return 0

    def names(self) -> int:
        click.echo("\n".join(node.name for node in self.nodes))
        return 0

    def _signal_all(self, number: signal.Signals, heading: str) -> dict[str, int]:
        found = {node.name: running.pid_of(self._place.pidfile(node)) for node in self.nodes}
        pids = {name: pid for name, pid in found.items() if pid is not None}
        if pids:
            self.say(heading)
        for name, pid in found.items():
            if pid is None:
                self.say(f"> {name}: DOWN")
                continue
            self.say(f"\t> {name}: {number.name.removeprefix('SIG')} -> {pid}")
            running.send(pid, number)
        return pids


VERBS: Final[dict[str, Callable[[Multi], int]]] = {
    "start": Multi.start,
    "stop": Multi.stop,
    "stopwait": lambda multi: multi.stop(wait=True),
    "stop_verify": lambda multi: multi.stop(wait=True),
    "restart": Multi.restart,
    "kill": Multi.kill,
    "show": Multi.show,
    "names": Multi.names,
}


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
)
@click.argument("said", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(ctx: click.Context, said: tuple[str, ...]) -> None:
    """Several workers on this machine: start, stop, stopwait, restart, kill, show, names, get, expand.

    \b
    celeriac multi start 3 -A proj -l INFO -c 4          celeriac1, celeriac2 and celeriac3
    celeriac multi start w1 w2 -A proj -Q:w1 mails       -Q for w1 alone; -c:1-3 10 for the first three
    celeriac multi restart w1 -A proj -l INFO
    celeriac multi stopwait w1 w2                        stop, and wait until they are gone

    Pid files are /var/run/celeriac/%n.pid and logs /var/log/celeriac/%n%I.log unless --pidfile and --logfile say
    otherwise; give the same --pidfile to stop and restart. -KILL, -INT, ... behind stop names another signal.
    """
    product = (ctx.parent.command.name if ctx.parent is not None else None) or "celeriac"
    verb, *rest = said or ("help",)
    if verb in ("help", "--help", "-h"):
        click.echo(ctx.get_help())
        return
    if verb == "expand":
        _expand(rest, product)
        return
    if verb == "get":
        _get(rest, product, _said_before(ctx))
        return
    if verb not in VERBS:
        raise click.UsageError(f"There is no {verb!r}: say one of {', '.join([*VERBS, 'get', 'expand'])}.", ctx)
    found = words.read([*_said_before(ctx), *rest], takes_value, _SIGNALS)
    if not found.names:
        raise click.UsageError(f"Which nodes? {product} multi {verb} w1 w2, or a number of them.", ctx)
    sys.exit(VERBS[verb](Multi(product, found)))


def _said_before(ctx: click.Context) -> list[str]:
    """Global options before `multi` are the workers', as in `celeriac -A proj multi start w1`."""
    before = ctx.parent
    if before is None:
        return []
    found: list[str] = []
    for option in GLOBAL_OPTIONS:
        if before.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            value = before.params[option.name or ""]
            found += [option.opts[-1]] if option.is_flag else [option.opts[0], str(value)]
    return found


def _expand(rest: list[str], product: str) -> None:
    """A template for each node: `expand %n@%h w1 w2`."""
    if not rest:
        raise click.UsageError("expand needs a template and nodes.")
    for node in words.nodes(words.read(rest[1:], takes_value), product):
        click.echo(words.filled(rest[0], node.name))


def _get(rest: list[str], product: str, before: list[str]) -> None:
    """The command of one node among several: `get w1 start-words`."""
    if not rest:
        raise click.UsageError("get needs a node.")
    multi = Multi(product, words.read([*before, *rest[1:]], takes_value, _SIGNALS))
    for node in multi.nodes:
        if rest[0] in (node.name, node.name.partition("@")[0]):
            click.echo(" ".join(multi.command(node)))
            return
    raise click.UsageError(f"{rest[0]} is not among these nodes.")


def takes_value(option: str) -> bool | None:
    """Whether the worker's option of that name is followed by a value; None if there is none."""
    return _arities().get(option)


@cache
def _arities() -> dict[str, bool]:
    from celeriac.cli.worker import command as worker  # the sub-command's options are known where it is

    params: list[Any] = [*worker.params, *GLOBAL_OPTIONS]
    return {name: not param.is_flag for param in params if isinstance(param, click.Option) for name in param.opts}
