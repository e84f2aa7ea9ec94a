"""Starting, signalling and awaiting workers by their pid files."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from celeriac.cli.pidfile import is_alive
from celeriac.worker.nodenames import fill_in

from .words import NodeSpec

Say = Callable[[str], None]

_START_WITHIN: Final = 30.0  # seconds in which a started worker has to leave the terminal
_LOOK_EVERY: Final = 0.1


class Place:
    """Where nodes keep their pid files and logs, unless their options say so."""

    def __init__(self, product: str) -> None:
        self._pids = f"/var/run/{product}"
        self._logs = f"/var/log/{product}"

    def pidfile(self, node: NodeSpec) -> str:
        said = node.option("--pidfile")
        return fill_in(said, node.name) if said else f"{self._pids}/{fill_in('%n', node.name)}.pid"

    def options(self, node: NodeSpec) -> list[str]:
        """What is to be added to the node's own. Raises click.ClickException if the folders can't be made."""
        added = []
        for option, names, folder, file in (
            ("--pidfile", ("--pidfile",), self._pids, "%n.pid"),
            ("--logfile", ("--logfile", "-f"), self._logs, "%n%I.log"),
        ):
            said = node.option(*names)
            if said is None:
                added.append(f"{option}={_folder(folder, option)}/{file}")
            else:
                _folder(fill_in(str(Path(said).parent), node.name), option)
        return added


def _folder(path: str, option: str) -> str:
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise click.ClickException(
            f"{path} can't be made ({exc.strerror}): say where with {option}=/some/where/%n..."
        ) from exc
    return path


def command_of(node: NodeSpec, place: Place, start: Sequence[str], cmd: str, append: str) -> list[str]:
    """The command line that starts this node."""
    return [*start, *shlex.split(cmd), "-n", node.name, *place.options(node), *node.options, *shlex.split(append)]


def start(command: Sequence[str]) -> int:
    """Returns the exit code of the process that left its worker in the background."""
    try:
        done = subprocess.run(list(command), timeout=_START_WITHIN, check=False)  # noqa: S603 - what the user asked for
    except subprocess.TimeoutExpired:
        click.echo(f"no answer within {_START_WITHIN:.0f} s", err=True)
        return 1
    except OSError as exc:
        raise click.ClickException(f"{command[0]} can't be started: {exc.strerror}") from exc
    return done.returncode


def pid_of(path: str) -> int | None:
    """The living process that the file names; a file of a dead one is removed."""
    try:
        text = Path(path).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise click.ClickException(f"The pid file {path} can't be read: {exc.strerror}") from exc
    pid = int(text) if text.isdecimal() else 0
    if is_alive(pid):
        return pid
    Path(path).unlink(missing_ok=True)
    return None


def send(pid: int, number: signal.Signals) -> None:
    """Raises click.ClickException if it may not be signalled; one that is gone is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as exc:
        raise click.ClickException(f"process {pid} belongs to another user") from exc


def await_end(pids: dict[str, int], say: Say) -> None:
    """Until all are gone, however long their tasks take; tells of each."""
    left = dict(pids)
    while left:
        for name, pid in list(left.items()):
            if not is_alive(pid) or _is_dead_and_kept(pid):
                del left[name]
                say(f"\t> {name}: OK")
        if left:
            time.sleep(_LOOK_EVERY)


def _is_dead_and_kept(pid: int) -> bool:
    """It has ended, and nobody has asked how: in a container the first process may never ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def python_command(product: str, executable: str | None) -> list[str]:
    """How the product's own command is started."""
    return [executable or sys.executable, "-m", product]
