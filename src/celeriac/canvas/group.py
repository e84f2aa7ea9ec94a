"""Groups: tasks at the same time."""

from collections.abc import Iterator
from typing import Any

from .compound import Compound, app_of, signatures
from .kinds import GROUP, Options
from .signature import Signature


@Signature.register_type("group")
class group(Compound):  # noqa: N801 - Celery's name
    """group(a, b, c), or of a list, or of a generator. Its result is the list of their results."""

    def __init__(self, *tasks: Any, **options: Any) -> None:
        app = options.pop("app", None)
        copies = len(tasks) == 1 and isinstance(tasks[0], group)
        members = list(tasks[0].tasks) if copies else signatures(tasks, app)
        super().__init__(
            "celery.group", (), {"tasks": members}, subtask_type=GROUP, app=app_of(app, members), **options
        )

    def _checked(self, options: Options) -> Options:
        for name in ("link", "link_error"):
            if options.get(name):
                raise TypeError(
                    f"Cannot add {name} to group: its tasks end one by one. Use a chord, that is group | callback"
                )
        return options

    def link(self, callback: Any) -> Any:
        """Call this, without arguments, when the first task has succeeded; for all of them use a chord."""
        if not self.tasks:
            return None
        immutable = callback.clone()
        immutable["immutable"] = True
        self.tasks[0].link(immutable)
        return callback

    def link_error(self, errback: Any) -> Any:
        """Call this for each task that has failed."""
        return tuple(task.link_error(errback.clone()) for task in self.tasks)

    def skew(self, start: float = 1.0, stop: float | None = None, step: float = 1.0) -> "group":
        """Let the tasks start one after the other, so many seconds apart."""
        for task, countdown in zip(self.tasks, _skewed(start, stop, step), strict=False):
            task.set(countdown=countdown)
        return self

    def __len__(self) -> int:
        return len(self["kwargs"].get("tasks") or ())

    def __repr__(self) -> str:
        return f"group({self.tasks!r})" if self.tasks else "group(<empty>)"


def _skewed(start: float, stop: float | None, step: float) -> Iterator[float]:
    now = start * 1.0
    while True:
        yield now
        if stop is None or now + step <= stop:
            now += step
