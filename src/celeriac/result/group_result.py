"""GroupResult: the results of a group, under the group's id; it can be saved and found again."""

from collections.abc import Iterable
from typing import Any

from celeriac.current import get_current_app

from .result_set import ResultSet
from .tree import ResultTree
from .tuples import MAKERS


class GroupResult(ResultTree, ResultSet):
    """The results of a group's tasks, in their order."""

    def __init__(
        self, id: str | None = None, results: Iterable[Any] | None = None, parent: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(results, **kwargs)
        self.id = id
        self.parent = parent

    @property
    def children(self) -> list[Any]:
        """The results of the group's tasks."""
        return self.results

    def save(self, backend: Any = None) -> Any:
        """Keep in the result store which results make up this group; `restore` finds them by the group's id."""
        return (backend or self.app.backend).save_group(self._named(), self)

    def delete(self, backend: Any = None) -> None:
        """Undo `save`."""
        (backend or self.app.backend).delete_group(self._named())

    @classmethod
    def restore(cls, id: str, backend: Any = None, app: Any = None) -> Any:
        """The saved group of this id, or None."""
        if app is None:
            app = get_current_app() if cls._bound_app is None else cls._bound_app
        return (backend or app.backend).restore_group(id)

    async def asave(self) -> Any:
        """`save`, from async code."""
        return await self.app.backend.asave_group(self._named(), self)

    @classmethod
    async def arestore(cls, id: str, app: Any = None) -> Any:
        """`restore`, from async code."""
        if app is None:
            app = get_current_app() if cls._bound_app is None else cls._bound_app
        return await app.backend.arestore_group(id)

    def _named(self) -> str:
        if self.id is None:
            raise ValueError("This GroupResult has no id, so it can't be saved: give it one.")
        return self.id

    def as_tuple(self) -> tuple[Any, Any]:
        """The group as plain data: ((id, parent), [members])."""
        parent = self.parent
        return (self.id, None if parent is None else parent.as_tuple()), [one.as_tuple() for one in self.results]

    def as_list(self) -> list[Any]:
        """The ids of this group and its parents."""
        ids, node = [], self
        while node is not None:
            ids.append(node.id)
            node = node.parent
        return ids

    def __bool__(self) -> bool:
        return bool(self.id or self.results)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, GroupResult):
            return other.id == self.id and other.results == self.results and other.parent == self.parent
        return other == self.id if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.id)

    def __str__(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<GroupResult: {self.id} [{', '.join(str(result) for result in self.results)}]>"

    def __reduce__(self) -> tuple[Any, ...]:
        # As with single results, the app stays at home.
        return GroupResult, (self.id, self.results, self.parent)


MAKERS["group"] = GroupResult
