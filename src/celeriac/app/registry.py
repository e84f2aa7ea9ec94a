"""The registry: the tasks of one app by name."""

from typing import Any

from celeriac.core.errors import InvalidTaskError, NotRegistered


class TaskRegistry(dict[str, Any]):
    """Task names to task instances; a name that is missing raises NotRegistered."""

    NotRegistered = NotRegistered

    def __missing__(self, key: str) -> Any:
        raise NotRegistered(key)

    def register(self, task: Any) -> None:
        """Add a task; a class is replaced by an instance of it."""
        if not task.name:
            raise InvalidTaskError(f"Task class {type(task).__name__!r} must specify .name attribute")
        self[task.name] = task() if isinstance(task, type) else task

    def unregister(self, name: Any) -> None:
        """Remove a task, by its name or itself."""
        name = getattr(name, "name", name)
        if name not in self:
            raise NotRegistered(name)
        del self[name]

    def regular(self) -> dict[str, Any]:
        """The tasks that are no periodic ones."""
        return self.filter_types("regular")

    def periodic(self) -> dict[str, Any]:
        """The tasks of the old periodic kind."""
        return self.filter_types("periodic")

    def filter_types(self, type: str) -> dict[str, Any]:
        """The tasks of one kind."""
        return {name: task for name, task in self.items() if getattr(task, "type", "regular") == type}
