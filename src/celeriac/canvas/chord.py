"""Chords: a body that is called with the results of all tasks of a header."""

from collections.abc import Iterable, Mapping
from typing import Any

from .compound import Compound, app_of
from .group import group
from .kinds import CHAIN, CHORD, GROUP, kind_of, tasks_of
from .signature import Signature, maybe_signature


@Signature.register_type("chord")
class _chord(Compound):  # noqa: N801 - Celery's name
    """chord(header)(body), or chord(header, body), or group | body."""

    def __init__(
        self,
        header: Any,
        body: Any = None,
        task: str = "celery.chord",
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        app: Any = None,
        **options: Any,
    ) -> None:
        members = _members(header, app)
        body = maybe_signature(body, app=app)
        app = app_of(app, [*members, body])
        given = {**(kwargs or {}), "header": members, "body": body}
        super().__init__(task, tuple(args), given, subtask_type=CHORD, app=app, **options)

    def __call__(self, body: Any = None, **options: Any) -> Any:
        if body is None:
            return self.apply_async((), {}, **options)
        whole = {**self["kwargs"], "body": maybe_signature(body, app=self._app)}
        made = self._copy(self.args, whole, self.options)
        if made._app is None:
            made._app = app_of(None, [*self.tasks, whole["body"]])
        return made.apply_async((), {}, **options)

    @property
    def tasks(self) -> list[Any]:
        """The tasks of the header."""
        header = self["kwargs"].get("header")
        if isinstance(header, Mapping):
            if not isinstance(header, Signature):
                header = self["kwargs"]["header"] = maybe_signature(header, app=self._app)
            return list(header.tasks) if isinstance(header, Compound) else [header]
        return self._parts("header")

    @tasks.setter
    def tasks(self, tasks: Iterable[Any]) -> None:
        self["kwargs"]["header"] = list(tasks)

    @property
    def body(self) -> Any:
        """What is called with the header's results."""
        found = self["kwargs"].get("body")
        if isinstance(found, Mapping) and not isinstance(found, Signature):
            found = self["kwargs"]["body"] = maybe_signature(found, app=self._app)
        return found

    @body.setter
    def body(self, body: Any) -> None:
        self["kwargs"]["body"] = body

    def link(self, callback: Any) -> Any:
        """Call this with the body's result."""
        if self.body is None:
            return super().link(callback)
        self.body.link(callback)
        return callback

    def link_error(self, errback: Any) -> Any:
        """Call this when the body has failed, or could not be called because a task of the header failed.

        With task_allow_error_cb_on_chord_header also for each task of the header that fails.
        """
        if self.app.conf.task_allow_error_cb_on_chord_header:
            for task in self.tasks:
                task.link_error(errback.clone(immutable=True))
        if self.body is None:
            return super().link_error(errback)
        self.body.link_error(errback)
        return errback

    def run(self, header: Any, body: Any, partial_args: Any, app: Any = None, **options: Any) -> Any:
        """Celery's inner step: send a chord of this header and body."""
        return _chord(header, body, app=app or self._app).apply_async(partial_args, **options)

    def __length_hint__(self) -> int:
        return len(self.tasks)

    def __repr__(self) -> str:
        body = self.body
        if body is None:
            return f"<chord without body: {self.tasks!r}>"
        if isinstance(body, Compound) and kind_of(body) == CHAIN and body.tasks:
            first, *rest = body.tasks
            return "%(" + " | ".join([first.reprcall(self.tasks), *map(repr, rest)]) + ")"
        return "%" + (f"{body!r}({self.tasks!r})" if isinstance(body, Compound) else body.reprcall(self.tasks))


chord = _chord


def _members(header: Any, app: Any) -> list[Any]:
    if isinstance(header, Mapping):
        if kind_of(header) in (GROUP, CHAIN):  # a chain, too, is taken for the list of its tasks, as in Celery
            header = header.tasks if isinstance(header, (group, Compound)) else tasks_of(header)
        else:
            header = [header]
    return [maybe_signature(task, app=app) for task in header]
