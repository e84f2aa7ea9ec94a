"""`celeriac shell`: Python with the app and its tasks at hand."""

import code
import importlib
from typing import Any, Final

import click

import celeriac

from .context import configured, session

_KINDS: Final = ("ipython", "bpython", "python")


@click.command("shell", short_help="Python with the app and its tasks at hand.")
@click.option("-I", "--ipython", "kind", flag_value="ipython", help="IPython.")
@click.option("-B", "--bpython", "kind", flag_value="bpython", help="bpython.")
@click.option("--python", "kind", flag_value="python", help="Plain Python.")
@click.option("-T", "--without-tasks", is_flag=True, help="Don't put the tasks at hand.")
def command(kind: str | None, without_tasks: bool) -> None:
    """Start Python with `app`, `celeriac` and every task by its function's name."""
    with configured():
        names = names_for(session().app, without_tasks)
    for wanted in (kind,) if kind else _KINDS:
        if _start(wanted, names):
            return
    raise click.ClickException(f"{kind} is not installed: pip install {kind}")


def names_for(app: Any, without_tasks: bool) -> dict[str, Any]:
    """What is at hand."""
    app.loader.import_default_modules()
    names = {"app": app, "celeriac": app, "Task": celeriac.Task, "Celeriac": celeriac.Celeriac}
    if not without_tasks:
        for name, task in app.tasks.items():
            if not name.startswith(("celery.", "celeriac.")):
                names[task.__name__] = task
    return names


def _start(kind: str, names: dict[str, Any]) -> bool:
    """False if that shell is not installed."""
    if kind == "python":
        code.interact(banner="", local=names)
        return True
    try:
        module = importlib.import_module("IPython" if kind == "ipython" else "bpython")
    except ImportError:
        return False
    if kind == "ipython":
        module.start_ipython(argv=[], user_ns=names)
    else:
        module.embed(names)
    return True
