"""celery.utils.imports: objects and modules by their names."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from celeriac.app.symbols import import_from_cwd as _from_cwd
from celeriac.app.symbols import working_directory_importable


class NotAPackage(Exception):
    """A name inside of a module that is no package."""


def qualname(obj: Any) -> str:
    """An object's class, or the class itself, with its module."""
    cls = obj if isinstance(obj, type) or hasattr(obj, "__qualname__") else type(obj)
    return f"{cls.__module__}.{cls.__qualname__}"


get_full_cls_name = qualname


def symbol_by_name(
    name: Any,
    aliases: Any = None,
    imp: Any = None,
    package: str | None = None,
    sep: str = ".",
    default: Any = None,
    **kw: Any,
) -> Any:
    """The object at "module:name" or "module.name"; what is no text is returned as it is."""
    if not isinstance(name, str):
        return name
    name = (aliases or {}).get(name) or name
    module, _, attributes = name.partition(":") if ":" in name else name.rpartition(sep)
    try:
        found: Any = (imp or importlib.import_module)(module or attributes, package=package)
        for attribute in filter(None, (attributes if module else "").split(".")):
            found = getattr(found, attribute)
    except (ImportError, AttributeError):
        if default is None:
            raise
        return default
    return found


get_cls_by_name = symbol_by_name


def instantiate(name: Any, *args: Any, **kwargs: Any) -> Any:
    """An object of the class of this name."""
    return symbol_by_name(name)(*args, **kwargs)


@contextmanager
def cwd_in_path() -> Iterator[None]:
    """The working directory is importable meanwhile."""
    with working_directory_importable():
        yield


def find_module(module: str, path: Any = None, imp: Any = None) -> ModuleType:
    """Import a module that may lie in the working directory."""
    with working_directory_importable():
        owner = module.rpartition(".")[0]
        if owner and not hasattr(importlib.import_module(owner), "__path__"):
            raise NotAPackage(owner)
        return (imp or importlib.import_module)(module)


def import_from_cwd(module: str, imp: Any = None, package: str | None = None) -> ModuleType:
    """Import a module that may lie in the working directory."""
    if imp is None and package is None:
        return _from_cwd(module)
    with working_directory_importable():
        return (imp or importlib.import_module)(module, package=package)


def reload_from_cwd(module: ModuleType, reloader: Any = None) -> Any:
    """Import it once more."""
    with working_directory_importable():
        return (reloader or importlib.reload)(module)


def module_file(module: ModuleType) -> str:
    """The file of a module."""
    name = module.__file__ or ""
    return name[:-1] if name.endswith(".pyc") else name


def gen_task_name(app: Any, name: str, module_name: str | None) -> str:
    """What a function's task is called."""
    found: str = app.gen_task_name(name, module_name)
    return found


def try_import(module: str, default: Any = None) -> Any:
    """The module, or the default."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return default


def reraise(tp: Any, value: BaseException, tb: Any = None) -> None:
    """Raise it again with its traceback."""
    raise value.with_traceback(tb) if value.__traceback__ is not tb else value


def annotation_is_class(annotation: Any) -> bool:
    """True for a class that is no generic alias."""
    return inspect.isclass(annotation)


def annotation_issubclass(annotation: Any, cls: type) -> bool:
    """True for that class and its subclasses."""
    return inspect.isclass(annotation) and issubclass(annotation, cls)


def loaded(name: str) -> bool:
    """True if it was imported."""
    return name in sys.modules
