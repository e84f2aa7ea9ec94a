"""The importer: makes modules of the table of names; an object is looked up when its name is first used."""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ._names import KOMBU, MODULES, NOT_HERE

_TABLE = MODULES | KOMBU
_WHERE = "docs/migrating-from-celery.md lists what there is"


class Room(ModuleType):
    """A module of Celery's: its names stand for objects of Celeriac."""

    def __getattr__(self, name: str) -> Any:
        module = self.__name__
        target = _TABLE.get(module, {}).get(name)
        if target is None:
            return _submodule(module, name)
        try:
            found = _resolved(target)
        except (ImportError, AttributeError) as exc:
            raise ImportError(f"Celeriac has no {module}.{name}: not in this release ({exc}); {_WHERE}") from exc
        self.__dict__[name] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        """What a program puts in place of a name of the table takes effect: it is put where the name points."""
        target = _TABLE.get(self.__name__, {}).get(name)
        if target is not None and isinstance(value, Room):
            return  # Python puts sub-modules into their package; of kombu.utils, uuid is a function, too
        if target is not None:
            owner, _, attribute = target.partition(":")
            setattr(import_module(owner), attribute, value)
        super().__setattr__(name, value)

    def __dir__(self) -> Iterable[str]:
        return sorted({*self.__dict__, *_TABLE.get(self.__name__, {})})


class Finder(MetaPathFinder, Loader):
    """Finds the modules of the table, and none that is really there: it is asked last."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if fullname in _TABLE:
            return ModuleSpec(fullname, self, origin="celeriac-drop-in", is_package=_is_package(fullname))
        if fullname.startswith(("celery.", "kombu.")) and isinstance(sys.modules.get(fullname.partition(".")[0]), Room):
            reason = NOT_HERE.get(fullname, "the table of names does not have it")
            raise ModuleNotFoundError(f"Celeriac has no {fullname}: {reason}; {_WHERE}", name=fullname)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Room(spec.name, f"{spec.name}, as programs for Celery know it, on top of Celeriac.")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__all__"] = sorted(name for name in _TABLE[module.__name__] if not name.startswith("_"))


def install(package: ModuleType) -> None:
    """Make the package itself a room, and let Python find the others."""
    package.__class__ = Room
    package.__dict__["__all__"] = sorted(name for name in _TABLE[package.__name__] if not name.startswith("_"))
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())


def _is_package(module: str) -> bool:
    return any(other.startswith(f"{module}.") for other in _TABLE)


def _resolved(target: str) -> Any:
    module, _, attribute = target.partition(":")
    found: Any = import_module(module)
    if "celeriac.current" in sys.modules and "celery._app" not in sys.modules:
        import_module("celery._app")  # whoever asks for the current app shall get one of Celery's kind
    return getattr(found, attribute) if attribute else found


def _submodule(module: str, name: str) -> Any:
    """`celery.schedules` after `import celery`, as Celery's lazy package has it."""
    full = f"{module}.{name}"
    if full in _TABLE:
        return import_module(full)
    reason = NOT_HERE.get(full) or NOT_HERE.get(f"{module}:{name}")
    if reason is not None:
        raise ImportError(f"Celeriac has no {full}: {reason}; {_WHERE}")
    raise AttributeError(f"module {module!r} has no attribute {name!r}; {_WHERE}")
