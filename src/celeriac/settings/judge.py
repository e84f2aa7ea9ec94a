"""Judges one source of settings: which names count, whether styles mix, what is misspelt, which values fit."""

import __future__

import warnings
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import msgspec

from ..core.errors import CeleriacWarning, ImproperlyConfigured
from .catalogue import BY_NAME
from .declare import INERT, PLANNED, Setting
from .names import (
    FOREIGN,
    NEW,
    OLD,
    Meaning,
    claims_to_be_ours,
    find,
    find_in,
    find_in_source,
    is_let_through,
    is_retired,
    nearest,
    spelt,
    stem_of,
    stem_without_namespace,
)

# What a module of settings holds beside settings.
_NO_VALUES = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type, type(__future__.annotations))


class Judged(msgspec.Struct):
    """What was found in a source, sorted; `known` and `foreign` become the result, the rest is complaints."""

    known: dict[str, tuple[str, Meaning]] = {}  # new name -> the key it came from
    values: dict[str, Any] = {}
    foreign: dict[str, Any] = {}
    unknown: list[str] = []
    faults: list[str] = []


def judge(source: Mapping[str, Any], namespace: str | None = None, patterns: Iterable[str] = ()) -> dict[str, Any]:
    """The settings of a source by their new names, checked; raises one ImproperlyConfigured that names all faults."""
    patterns = (*patterns, *_extra(source, namespace))
    found = Judged()
    for key, value in source.items():
        if isinstance(key, str) and not key.startswith("_"):
            _sort(found, key, value, namespace, patterns)
    _django_timezone(found, source)
    settled = _settled(found)
    if faults := _complaints(found, namespace):
        raise ImproperlyConfigured("\n".join(faults))
    return {**found.foreign, **settled}


def _settled(found: Judged) -> dict[str, Any]:
    settled = {}
    for name, value in found.values.items():
        key, meaning = found.known[name]
        try:
            settled[name] = settle(meaning.setting, value, key)
        except ImproperlyConfigured as fault:
            found.faults.append(str(fault))
    return settled


def settle(setting: Setting, value: Any, key: str = "") -> Any:
    """One value, checked, with what has to be said about settings that do not work yet."""
    kept = setting.check(value, key)
    if setting.feature == PLANNED and not setting.is_default(kept):
        raise ImproperlyConfigured(
            f"{key or setting.name} is known, but what it asks for is not in this release of Celeriac: remove it."
        )
    if setting.feature == INERT and not setting.is_default(kept):
        warnings.warn(f"{key or setting.name} has no effect yet in this release.", CeleriacWarning, stacklevel=2)
    return kept


def decide(key: str, value: Any, patterns: Iterable[str] = ()) -> tuple[str, Any]:
    """One setting that is set by itself: its new name and the value to keep."""
    if meaning := find(key):
        return meaning.setting.name, settle(meaning.setting, value, key)
    if claims_to_be_ours(key) and not is_let_through(key, stem_without_namespace(key), patterns):
        raise ImproperlyConfigured(f"{unknown_name(key)} {_own_name('extra_settings')}")
    return key, value


def unknown_name(key: str, namespace: str | None = None) -> str:
    """The sentence about a name that is no setting."""
    style = OLD if key.isupper() else NEW
    stem = (namespace and stem_of(key, namespace)) or stem_without_namespace(key)
    near = nearest(stem)
    meant = spelt(near, style, namespace) if near else ""
    if key.startswith("CELERIAC") and meant.startswith("CELERY"):
        meant = f"CELERIAC{meant[6:]}"
    hint = f": did you mean {meant}?" if near else "."
    return f"There is no setting {key}{hint}"


def _extra(source: Mapping[str, Any], namespace: str | None) -> Iterable[str]:
    key = f"{namespace.rstrip('_')}_EXTRA_SETTINGS" if namespace else "extra_settings"
    listed = source.get(key) or source.get(key.lower()) or ()
    return listed if isinstance(listed, list | tuple | set | frozenset) else ()


def _sort(found: Judged, key: str, value: Any, namespace: str | None, patterns: Iterable[str]) -> None:
    meaning = find_in(key, namespace) if namespace else find_in_source(key)
    if meaning:
        _keep(found, key, value, meaning)
        return
    stem = stem_of(key, namespace) if namespace else key
    if stem is None or isinstance(value, _NO_VALUES):
        return
    judged = bool(namespace) or claims_to_be_ours(key)
    if not judged or is_let_through(key, stem if namespace else stem_without_namespace(key), patterns):
        found.foreign[stem] = value
    elif is_retired(key):
        warnings.warn(f"{key} was dropped in Celery 4 and does nothing: remove it.", CeleriacWarning, stacklevel=4)
    else:
        found.unknown.append(key)


def _keep(found: Judged, key: str, value: Any, meaning: Meaning) -> None:
    """Of two names for one setting the one nearer to the style in use counts, as in Celery."""
    name = meaning.setting.name
    if name in found.known:
        other, earlier = found.known[name]
        lighter, heavier = (other, key) if earlier.weight <= meaning.weight else (key, other)
        if found.values[name] != value:
            text = f"{other} and {key} both set {name}, to different values: {lighter} counts, remove {heavier}."
            warnings.warn(text, CeleriacWarning, stacklevel=5)
        if lighter == other:
            return
    found.known[name] = (key, meaning)
    found.values[name] = value


def _complaints(found: Judged, namespace: str | None) -> list[str]:
    faults = [unknown_name(key, namespace) for key in found.unknown]
    if faults:
        faults.append(_own_name(f"{namespace.rstrip('_')}_EXTRA_SETTINGS" if namespace else "extra_settings"))
    return [*faults, *found.faults, *([] if namespace else _mixed(found))]


def _own_name(listed_in: str) -> str:
    return f"If a name is the program's own, let it begin with an underscore or list it in {listed_in}."


def _mixed(found: Judged) -> list[str]:
    old = [(key, meaning.setting.name) for key, meaning in found.known.values() if meaning.style == OLD]
    if not old or not any(meaning.style == NEW for _, meaning in found.known.values()):
        return []
    width = max(len(key) for key, _ in old)
    listed = [f"  {key:<{width}} -> {name}" for key, name in old]
    return ["Settings of the old style and of the new one can't be mixed in one place. Rename:", *listed]


def _django_timezone(found: Judged, source: Mapping[str, Any]) -> None:
    """As in Celery, a Django project's own TIME_ZONE holds unless a setting of ours says otherwise."""
    zone = source.get("TIME_ZONE")
    if isinstance(zone, str) and "timezone" not in found.values:
        found.known["timezone"] = ("TIME_ZONE", Meaning(BY_NAME["timezone"], FOREIGN))
        found.values["timezone"] = zone
