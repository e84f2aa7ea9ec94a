"""Fix-ups: what an app does by itself for a framework it finds itself in; contrib has them."""

import os
from collections.abc import Iterable
from typing import Any

from .symbols import symbol


def fixups_of(app: Any, named: Iterable[Any] | None) -> list[Any]:
    """Those that apply here. The built-in ones are looked at only where there may be a use for them."""
    if named is None:
        named = app.builtin_fixups if os.environ.get("DJANGO_SETTINGS_MODULE") else ()
    made = [symbol(fixup)(app) for fixup in named]
    return [fixup for fixup in made if fixup is not None]


def packages_of(app: Any, packages: Any) -> list[str]:
    """The packages that autodiscover_tasks was given; without any, those that the fix-ups know."""
    found = packages() if callable(packages) else packages
    if found is None:
        return [name for fixup in app.fixups for name in getattr(fixup, "autodiscover_tasks", list)()]
    return [found] if isinstance(found, str) else list(found)
