"""Symbols: objects found by their dotted path, and modules imported from the working directory."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from celeriac.core.errors import ImproperlyConfigured


def symbol(path: Any) -> Any:
    """The object at "package.module:name" or "package.module.name"; anything that is no text is returned as it is."""
    if not isinstance(path, str):
        return path
    module_name, _, attribute = path.partition(":") if ":" in path else path.rpartition(".")
    if not module_name or not attribute:
        raise ImproperlyConfigured(f"{path!r} is no path of an object: write package.module:name")
    found: Any = importlib.import_module(module_name)
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ImproperlyConfigured(f"there is no {part!r} in {module_name} (looking for {path!r})") from None
    return found


@contextmanager
def working_directory_importable() -> Iterator[None]:
    """The working directory is first on sys.path meanwhile, and stays there only if it was there before."""
    here = os.getcwd()
    if here in sys.path or "" in sys.path:
        yield
        return
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def import_from_cwd(name: str) -> ModuleType:
    """Import a module that may lie in the working directory."""
    with working_directory_importable():
        return importlib.import_module(name)
