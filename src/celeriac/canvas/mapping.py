"""Maps: one task that calls another for each of many arguments; chunks: a group of such tasks."""

from collections.abc import Iterable
from typing import Any

from .compound import app_of
from .group import group
from .signature import Signature, maybe_signature


class _basemap(Signature):  # noqa: N801 - Celery's name
    """A task that loops over calls of another."""

    _task_name = ""

    def __init__(self, task: Any, it: Iterable[Any], **options: Any) -> None:
        app = options.pop("app", None)
        task = _as_signature(task, app)
        super().__init__(
            self._task_name, (), {"task": task, "it": list(it)}, immutable=True, app=app_of(app, [task]), **options
        )


def _as_signature(task: Any, app: Any) -> Any:
    return maybe_signature(task, app=app) if isinstance(task, dict) else Signature(task, app=app)


@Signature.register_type()
class xmap(_basemap):  # noqa: N801 - Celery's name
    """[task(x) for x in it], in one run."""

    _task_name = "celery.map"

    def __repr__(self) -> str:
        return f"[{self.kwargs['task']['task']}(x) for x in {self.kwargs['it']!r}]"


@Signature.register_type()
class xstarmap(_basemap):  # noqa: N801 - Celery's name
    """[task(*x) for x in it], in one run."""

    _task_name = "celery.starmap"

    def __repr__(self) -> str:
        return f"[{self.kwargs['task']['task']}(*x) for x in {self.kwargs['it']!r}]"


@Signature.register_type()
class chunks(Signature):  # noqa: N801 - Celery's name
    """Calls of a task, so many at a time in one run."""

    def __init__(self, task: Any, it: Iterable[Any], n: int, **options: Any) -> None:
        app = options.pop("app", None)
        task = _as_signature(task, app)
        given = {"task": task, "it": list(it), "n": n}
        super().__init__("celery.chunks", (), given, immutable=True, app=app_of(app, [task]), **options)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.apply_async(*args, **options)

    def apply_async(self, args: Any = None, kwargs: Any = None, route_name: str | None = None, **opts: Any) -> Any:
        """Send the group of the chunks."""
        return self.group().apply_async(args, kwargs, route_name=route_name, **opts)

    async def aapply_async(
        self, args: Any = None, kwargs: Any = None, route_name: str | None = None, **opts: Any
    ) -> Any:
        """apply_async, from async code."""
        return await self.group().aapply_async(args, kwargs, route_name=route_name, **opts)

    def group(self) -> group:
        """The chunks as a group: each of its tasks loops over one of them."""
        task, it, n = self.kwargs["task"], self.kwargs["it"], self.kwargs["n"]
        if n < 1:
            raise ValueError(f"chunks of {n}: there must be at least one call in each")
        parts = [it[start : start + n] for start in range(0, len(it), n)]
        return group((xstarmap(task, part, app=self._app) for part in parts), app=self._app)

    @classmethod
    def apply_chunks(cls, task: Any, it: Iterable[Any], n: int, app: Any = None) -> Any:
        """Send the group of the chunks of these calls."""
        return cls(task, it, n, app=app)()


__all__ = ["chunks", "xmap", "xstarmap"]
