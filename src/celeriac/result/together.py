"""What is done to all members of a set of results together: callbacks, forgetting, revoking, in both colours."""

from collections.abc import Callable
from typing import Any, Self

from celeriac.core import states

from . import revoking
from .tree import leaves


class Together:
    """The part of a set that acts."""

    app: Any
    results: list[Any]

    def then(
        self, callback: Callable[[Any], Any], on_error: Callable[[Any], Any] | None = None, weak: bool = False
    ) -> Self:
        """Call `callback(self)` when this process learns that all are ready; `on_error(self)` if one failed."""
        missing = [leaf for leaf in leaves(self.results) if leaf._cache is None]
        count = len(missing)

        def told(_: Any = None) -> None:
            nonlocal count
            count -= 1
            if count <= 0:
                (callback if on_error is None or self._went_well() else on_error)(self)

        for leaf in missing:
            leaf.then(told, told)
        if not missing:
            told()
        return self

    def _went_well(self) -> bool:
        return all(leaf._cache is None or leaf._cache["status"] == states.SUCCESS for leaf in leaves(self.results))

    def forget(self) -> None:
        """Delete all results from the store, those of parents too, and here."""
        for backend, ids in self._forgotten():
            backend.forget_many(ids)

    async def aforget(self) -> None:
        """`forget`, from async code."""
        for backend, ids in self._forgotten():
            await backend.aforget_many(ids)

    def _forgotten(self) -> list[tuple[Any, list[str]]]:
        """Forgets them here, and says of which store which are to go."""
        found: dict[int, tuple[Any, list[str]]] = {}
        seen: set[int] = set()
        waiting = list(self.results)
        while waiting:
            one = waiting.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            waiting.append(one.parent)
            inner = getattr(one, "results", None)
            if inner is not None:
                waiting.extend(inner)
            else:
                one._forget_here()
                found.setdefault(id(one.backend), (one.backend, []))[1].append(one.id)
        return list(found.values())

    def revoke(
        self, connection: Any = None, terminate: bool = False, signal: Any = None, wait: bool = False,
        timeout: float | None = None,
    ) -> Any:  # fmt: skip
        """Have workers refuse all these tasks; with `terminate`, stop those that run."""
        asked = revoking.Asked(connection, terminate, signal, wait, timeout)
        return revoking.revoke(self.app, [leaf.id for leaf in leaves(self.results)], asked)

    async def arevoke(
        self, terminate: bool = False, signal: Any = None, wait: bool = False, timeout: float | None = None
    ) -> Any:
        """`revoke`, from async code."""
        asked = revoking.Asked(None, terminate, signal, wait, timeout)
        return await revoking.arevoke(self.app, [leaf.id for leaf in leaves(self.results)], asked)
