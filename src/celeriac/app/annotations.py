"""Annotations: the setting task_annotations rewrites attributes of tasks without touching their code."""

from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from .symbols import symbol


class MapAnnotation(dict[str, Any]):
    """Task names, or "*" for all, to attributes."""

    def annotate_any(self) -> dict[str, Any] | None:
        """What is said of all tasks."""
        found = self.get("*")
        return dict(found) if found is not None else None

    def annotate(self, task: Any) -> dict[str, Any] | None:
        """What is said of this task."""
        found = self.get(task.name)
        return dict(found) if found is not None else None


def prepare(annotations: Any) -> tuple[Any, ...]:
    """The annotations of the setting: a mapping, an object with annotate(), its path, or several of them."""
    if annotations is None:
        return ()
    if not isinstance(annotations, (list, tuple)):
        annotations = (annotations,)
    return tuple(_expanded(annotation) for annotation in annotations)


def _expanded(annotation: Any) -> Any:
    if isinstance(annotation, Mapping):
        return MapAnnotation(annotation)
    found = symbol(annotation)
    return found() if isinstance(found, type) else found


def resolve_all(annotations: tuple[Any, ...], task: Any) -> Iterator[dict[str, Any]]:
    """What applies to the task; what is said of it alone comes last, so that it wins."""
    for way in ("annotate_any", "annotate"):
        for annotation in annotations:
            ask = getattr(annotation, way, None)
            if ask is not None:
                found = ask() if way == "annotate_any" else ask(task)
                if found:
                    yield found


def annotate(task: Any) -> None:
    """Apply the app's annotations to a task; a name with "@" wraps a method instead of replacing it."""
    for found in resolve_all(task.app.annotations, task):
        for name, value in found.items():
            if name.startswith("@"):
                task.add_around(name[1:], value)
            elif isinstance(value, FunctionType):
                setattr(type(task), name, value)  # it becomes a method: on_failure(self, exc, ...)
            else:
                setattr(task, name, value)
