"""What the demo shows on the terminal: lines and a bar that moves, with rich if it is installed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

Move = Callable[[float], None]


class Stage:
    """One line an act: its title, the code, what came of it."""

    def __init__(self, color: bool) -> None:
        self._color = color
        self._live = sys.stdout.isatty()

    def say(self, text: str = "") -> None:
        click.echo(text)

    def act(self, title: str, code: str) -> None:
        """What is about to be done."""
        click.echo(f"\n{self._paint(title, bold=True)}\n  {self._paint(code, fg='cyan')}")

    def outcome(self, text: str) -> None:
        """What came of it."""
        click.echo(f"  {self._paint('->', fg='green')} {text}")

    def _paint(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._color else text

    @contextmanager
    def progress(self, total: float) -> Iterator[Move]:
        """Inside, call the given function with how much is done."""
        if not self._live:
            yield _quarters(total)
            return
        try:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
        except ImportError:
            yield _rewriting(total)
            click.echo()
            return
        columns = ("  ", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, transient=True, refresh_per_second=20) as bar:
            task = bar.add_task("", total=total)
            yield lambda done: bar.update(task, completed=done)


def _quarters(total: float) -> Move:
    """Into a file or a pipe: a line for each quarter."""
    told = 0

    def move(done: float) -> None:
        nonlocal told
        quarter = int(4 * done / total)
        if quarter > told:
            told = quarter
            click.echo(f"     {done:,.0f} of {total:,.0f}")

    return move


def _rewriting(total: float) -> Move:
    """On a terminal without rich: one line, again and again."""

    def move(done: float) -> None:
        filled = int(30 * done / total)
        click.echo(f"\r  [{'#' * filled:<30}] {done:,.0f} of {total:,.0f}", nl=False)

    return move
