"""Lookup: the app that `-A name` means."""

from importlib.util import find_spec
from types import ModuleType
from typing import Any

from celeriac.core.errors import ImproperlyConfigured

from .app import Celeriac
from .symbols import import_from_cwd, working_directory_importable


def find_app(name: Any) -> Celeriac:
    """From "module:attr", or "module": its app, its celeriac or celery, the first app in it, or its submodule's."""
    if isinstance(name, Celeriac):
        return name
    module_name, _, attribute = name.partition(":")
    with working_directory_importable():
        found = _attribute(module_name, attribute) if attribute else _in_module(_module_or_owner(name))
    if isinstance(found, ModuleType):
        found = _in_module(found)
    if not isinstance(found, Celeriac):
        raise ImproperlyConfigured(f"-A {name}: that is {found!r}, and no Celeriac app")
    return found


def _attribute(module_name: str, attribute: str) -> Any:
    found: Any = import_from_cwd(module_name)
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ImproperlyConfigured(f"-A {module_name}:{attribute}: {module_name} has no {attribute!r}") from None
    return found


def _module_or_owner(name: str) -> Any:
    """The module of this name, or the attribute that the last part of it names."""
    try:
        return import_from_cwd(name)
    except ModuleNotFoundError as exc:
        owner, _, attribute = name.rpartition(".")
        if not owner or exc.name not in (name, attribute):
            raise
        return _attribute(owner, attribute)


def _in_module(module: Any) -> Celeriac:
    if isinstance(module, Celeriac):
        return module
    for attribute in ("app", "celeriac", "celery"):
        found = getattr(module, attribute, None)
        if isinstance(found, Celeriac):
            return found
        if isinstance(found, ModuleType) and found is not module:
            try:
                return _in_module(found)
            except ImproperlyConfigured:
                continue  # a module that happens to have the name
    for found in vars(module).values():
        if isinstance(found, Celeriac):
            return found
    for submodule in ("celeriac", "celery"):
        name = f"{module.__name__}.{submodule}"
        if hasattr(module, "__path__") and find_spec(name) is not None:
            return _in_module(import_from_cwd(name))
    raise ImproperlyConfigured(
        f"-A {module.__name__}: there is no Celeriac app in that module; name it as {module.__name__}:variable"
    )
