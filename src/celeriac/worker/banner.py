"""What a worker prints when it starts: who it is, where it is connected, what it can do."""

import platform
from typing import Any

import celeriac

_ROOT = (
    r"       \|/       ",
    r"     \\\|///     ",
    r"    .-'''''-.    ",
    r"   /  .   '  \   ",
    r"  ( '    .    )  ",
    r"   \  '  .   /   ",
    r"    '-.,_,.-'    ",
    r"      /|\\       ",
)


def text(worker: Any, color: bool = False) -> str:
    """The banner. The lines from [config] on are the same words Celery users (and their tools) know."""
    app = worker.app
    right = [
        f"{worker.hostname} v{celeriac.__version__}",
        platform.platform(),
        "",
        "[config]",
        *(f".> {key + ':':<12} {value}" for key, value in config(worker).items()),
        "",
        "[queues]",
        *app.amqp.queues.format().splitlines(),
    ]
    left = [*_ROOT, *[" " * len(_ROOT[0])] * max(0, len(right) - len(_ROOT))]
    right += [""] * (len(left) - len(right))
    paint = _green if color else str
    lines = [f"{paint(picture)} {words}".rstrip() for picture, words in zip(left, right, strict=True)]
    return "\n".join(["", *lines, "", "[tasks]", *task_lines(app), ""])


def _green(words: str) -> str:
    return f"\x1b[32m{words}\x1b[0m"


def config(worker: Any) -> dict[str, str]:
    """The lines under [config]."""
    app, options = worker.app, worker.options
    results = app.transports.results
    return {
        "app": f"{app.main or '__main__'}:{id(app):#x}",
        "transport": app.transports.read.describe(),
        "results": results.describe() if results is not None else "disabled://",
        "concurrency": f"{_concurrency(options)} ({options.pool})",
        "task events": _events(options.task_events),
    }


def _concurrency(options: Any) -> str:
    if options.autoscale is None:
        return str(options.concurrency)
    most, _ = options.autoscale
    return f"{{min={options.concurrency}, max={most}}}"


def _events(wanted: bool) -> str:
    return "ON" if wanted else "OFF (enable -E to monitor tasks in this worker)"


def task_lines(app: Any) -> list[str]:
    """The lines under [tasks]."""
    names = sorted(name for name in app.tasks if not name.startswith(("celery.", "celeriac.")))
    return [f"  . {name}" for name in names] or ["  (none: name your app with -A, or its modules with -I)"]
