"""Reads settings from where programs keep them: objects, modules, the environment, the command line."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from ..core.errors import ImproperlyConfigured
from .catalogue import BY_NAME
from .judge import judge, settle, unknown_name
from .kinds import ANY, BOOL, DICT, INT, NAMES, NUMBER, TEXT
from .names import claims_to_be_ours, find, find_in, find_in_source, stem_of

# Casts a command line may ask for: broker_pool_limit=(int)5
_CASTS: Final[Mapping[str, Callable[[str], Any]]] = {
    "int": INT.parse,
    "float": NUMBER.parse,
    "bool": BOOL.parse,
    "str": TEXT.parse,
    "string": TEXT.parse,
    "dict": DICT.parse,
    "list": lambda text: list(NAMES.parse(text)),
    "tuple": NAMES.parse,
    "any": ANY.parse,
}

# What the environment may say about these goes before what the program says.
_FROM_ENVIRONMENT: Final = ("broker_url", "broker_read_url", "broker_write_url", "result_backend")


def read_object(
    source: Any, namespace: str | None = None, *, silent: bool = False, extra: Iterable[str] = ()
) -> dict[str, Any]:
    """Settings of a dict, module, class or object, or of the one a path names, by new names and checked.

    With `silent`, a path to a module that does not exist is as good as an empty one.
    `extra` are patterns of names to let through, as in extra_settings.
    """
    if isinstance(source, str):
        found = load(source, silent)
        if found is None:
            return {}
        source = found
    return judge(_mapping(source, namespace), namespace or None, extra)


def read_envvar(
    variable: str,
    environ: Mapping[str, str] = os.environ,
    *,
    silent: bool = False,
    namespace: str | None = None,
    extra: Iterable[str] = (),
) -> dict[str, Any]:
    """Settings of the module whose path the environment variable holds."""
    path = environ.get(variable)
    if path:
        return read_object(path, namespace, silent=silent, extra=extra)
    if silent:
        return {}
    raise ImproperlyConfigured(
        f"The environment variable {variable} is not set: it must hold the path of a module of settings, "
        f'such as {variable}="proj.celeryconfig".'
    )


def read_cmdline(argv: Sequence[str], namespace: str = "worker") -> dict[str, Any]:
    """Settings spelt as `worker.prefetch_multiplier=10`, `.concurrency=3` or `broker_pool_limit=(int)5`."""
    return dict(_argument(text, namespace) for text in argv)


def read_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The few settings that CELERIAC_BROKER_URL, CELERY_RESULT_BACKEND and their like override."""
    found = {}
    for name in _FROM_ENVIRONMENT:
        value = environ.get(f"CELERIAC_{name.upper()}") or environ.get(f"CELERY_{name.upper()}")
        if value:
            found[name] = value
    return found


def load(path: str, silent: bool = False) -> Any:
    """What `module`, `module:attribute` or `module.attribute` names; None if there is no such module and `silent`."""
    name, _, attributes = path.partition(":")
    try:
        found: Any = _import(name)
        for attribute in filter(None, attributes.split(".")):
            found = getattr(found, attribute)
    except ModuleNotFoundError as error:
        # Only the module asked for may be missing: one that it imports may not.
        missing = error.name or ""
        if name != missing and not name.startswith(f"{missing}."):
            raise
        if silent:
            return None
        hint = f" Write it without .py: {name[:-3]!r}." if name.endswith(".py") else ""
        raise ModuleNotFoundError(
            f"The module of settings {path!r} can't be imported: there is no module {missing!r}.{hint}", name=missing
        ) from error
    except AttributeError as error:
        raise ImportError(f"The settings {path!r} can't be read: {error}.") from error
    return found


def _import(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        parent, _, attribute = name.rpartition(".")
        if not parent or error.name != name:
            raise
        module = import_module(parent)
        if not hasattr(module, attribute):
            raise
        return getattr(module, attribute)


def _mapping(source: Any, namespace: str | None) -> Mapping[str, Any]:
    """The names and values of an object.

    Of objects that compute their attributes (Django's settings do, and warn of some) only names that can be
    settings are read.
    """
    if isinstance(source, Mapping):
        return source
    names = [name for name in dir(source) if not name.startswith("_")]
    if not isinstance(source, ModuleType):
        plain = _plain(source)
        names = [name for name in names if name in plain or _may_be_ours(name, namespace)]
    return {name: getattr(source, name) for name in names}


def _plain(source: Any) -> set[str]:
    """The names of attributes that are just there; reading them runs no code."""
    holders = [source, *(source if isinstance(source, type) else type(source)).__mro__]
    return {
        name
        for holder in holders
        for name, value in getattr(holder, "__dict__", {}).items()
        if not hasattr(type(value), "__get__")
    }


def _may_be_ours(name: str, namespace: str | None) -> bool:
    if name == "TIME_ZONE" or (namespace and stem_of(name, namespace) is not None):
        return True
    return bool(find_in_source(name)) or (not namespace and claims_to_be_ours(name))


def _argument(text: str, namespace: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ImproperlyConfigured(f"{text!r} is no setting: write name=value, such as worker.prefetch_multiplier=10.")
    name = _argument_name(key.strip(), namespace)
    setting = BY_NAME[name]
    if value.startswith("("):
        kind, closing, rest = value[1:].partition(")")
        if closing and kind in _CASTS:
            try:
                return name, settle(setting, _CASTS[kind](rest), key)
            except ValueError:
                raise ImproperlyConfigured(f"{key}: {rest!r} is no {kind}.") from None
    return name, settle(setting, setting.parse(value, key), key)


def _argument_name(key: str, namespace: str) -> str:
    dotted = f"{namespace}_{key[1:]}" if key.startswith(".") else key.replace(".", "_")
    for name in (dotted, f"{namespace}_{dotted}"):
        if meaning := find(name) or (find_in(name, "CELERY") if name.isupper() else None):
            return meaning.setting.name
    raise ImproperlyConfigured(unknown_name(dotted))
