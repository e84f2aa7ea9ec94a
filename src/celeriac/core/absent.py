"""Absent: the parts of Celery's API that this release does not have say so by name."""

from typing import Any, NoReturn


def absent(name: str) -> NoReturn:
    """Raise NotImplementedError for a part of the API that comes in a later release."""
    raise NotImplementedError(f"{name} is not in this release of celeriac")


def absent_method(name: str) -> Any:
    """A method that says that it is absent."""

    def method(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        absent(name)

    method.__name__ = name.rpartition(".")[2]
    method.__doc__ = "Absent in this release."
    return method
