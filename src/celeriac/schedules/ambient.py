"""The current app, for schedules that were given none: this room is told of it by the app's, which is above."""

from collections.abc import Callable
from typing import Any


class _Ambient:
    current_app: Callable[[], Any] | None = None


def find_app_by(current_app: Callable[[], Any]) -> None:
    """Schedules that were given no app use what this returns."""
    _Ambient.current_app = current_app


def ambient_app() -> Any:
    """The current app, or None in a program without apps."""
    return None if _Ambient.current_app is None else _Ambient.current_app()
