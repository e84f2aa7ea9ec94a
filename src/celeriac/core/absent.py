"""Absent: the parts of Celery's API that this release does not have say so by name."""

from typing import NoReturn


def absent(name: str) -> NoReturn:
    """Raise NotImplementedError for a part of the API that comes in a later release."""
    raise NotImplementedError(f"{name} is not in this release of celeriac")
