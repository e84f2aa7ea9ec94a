"""`celeriac result ID`: what came of a task."""

import sys

import click

from celeriac.core.errors import TimeoutError as ResultTimeoutError
from celeriac.core.states import EXCEPTION_STATES, READY_STATES

from .context import session
from .printing import printable_lines
from .reaching import reaching


@click.command("result", short_help="What came of a task.")
@click.argument("task_id")
@click.option("-t", "--task", help="The task's name.")
@click.option("--traceback", is_flag=True, help="Print the traceback instead of the result.")
@click.option("--timeout", type=float, help="Wait at most so many seconds (default: until there is a result).")
@reaching
def command(task_id: str, task: str | None, traceback: bool, timeout: float | None) -> None:
    """Print the result of the task TASK_ID, waiting for it if need be. Exit code 1 if the task failed."""
    result = session().app.AsyncResult(task_id, task_name=task)
    try:
        state = result.state
    except NotImplementedError as exc:
        raise click.UsageError(str(exc)) from exc
    if traceback:
        click.echo(printable_lines(result.traceback))
        return
    if state not in READY_STATES:
        click.echo(f"{task_id} is {state}; waiting for its result (Ctrl-C to stop)", err=True)
    try:
        value = result.get(timeout=timeout, propagate=False)
    except ResultTimeoutError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(f"{type(value).__name__}: {value}" if result.state in EXCEPTION_STATES else value)
    sys.exit(1 if result.state in EXCEPTION_STATES else 0)
