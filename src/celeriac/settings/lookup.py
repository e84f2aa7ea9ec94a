"""Ways of looking at settings: by parts of names, as tables for people, without what nobody set."""

from collections.abc import MutableMapping
from typing import Any, NamedTuple

from .catalogue import ALL, BY_NAME
from .censor import MASK
from .censor import censored as fit_to_show
from .declare import Setting
from .names import find

# First parts of names that say what a setting is about; the order in which find_option looks.
NAMESPACES = (
    "beat",
    "broker",
    "cache",
    "cassandra",
    "s3",
    "azureblockblob",
    "gcs",
    "control",
    "couchbase",
    "arangodb",
    "mongodb",
    "cosmosdbsql",
    "event",
    "redis",
    "result",
    "elasticsearch",
    "security",
    "database",
    "task",
    "worker",
)


class Found(NamedTuple):
    """What find_option returns: `namespace` is None where the name has no parts."""

    namespace: str | None
    key: str
    type: Setting


class Lookup(MutableMapping[str, Any]):
    """The part of Settings that only reads."""

    __slots__ = ()

    @property
    def maps(self) -> list[dict[str, Any]]:
        """The layers, the strongest first, the defaults last."""
        raise NotImplementedError

    def first(self, *keys: str) -> Any:
        """The first value that is not None."""
        return next((value for key in keys if (value := self.get(key)) is not None), None)

    def value_set_for(self, key: str) -> bool:
        """True if the configuration or a change sets it."""
        meaning = find(key)
        return (meaning.setting.name if meaning else key) in self.without_defaults()

    def without_defaults(self) -> dict[str, Any]:
        """What was set, by new names; a default that was changed in place was set too."""
        *layers, defaults = self.maps
        explicit = {name: value for name, value in defaults.items() if _was_changed(name, value)}
        for layer in reversed(layers):
            explicit |= layer
        return explicit

    def find_option(self, name: str, namespace: str = "") -> Found:
        """Where a name without its first part belongs: find_option("concurrency").namespace is "worker"."""
        for area in (namespace, *NAMESPACES):
            if setting := BY_NAME.get(f"{area}_{name}"):
                return Found(area, name, setting)
        if meaning := find(name):
            return Found(None, meaning.setting.name, meaning.setting)
        raise KeyError(name)

    def find_value_for_key(self, name: str, namespace: str = "celery") -> Any:
        """The value of what find_option finds."""
        found = self.find_option(name, namespace)
        return self.get_by_parts(found.namespace, found.key)

    def get_by_parts(self, *parts: str | None) -> Any:
        """The value of the setting whose name is these parts joined."""
        return self["_".join(part for part in parts if part)]

    def table(self, with_defaults: bool = False, censored: bool = True) -> dict[str, Any]:
        """Names and values, secrets masked."""
        values = self.without_defaults() if not with_defaults else {**self.maps[-1], **self.without_defaults()}
        return {name: _fit_to_show(name, value) if censored else value for name, value in values.items()}

    def humanize(self, with_defaults: bool = False, censored: bool = True) -> str:
        """The same, a line for each."""
        table = self.table(with_defaults, censored)
        return "\n".join(f"{name}: {value!r}" for name, value in table.items())


_DEFAULTS = {setting.name: setting.default for setting in ALL if isinstance(setting.default, dict)}


def _fit_to_show(name: str, value: Any) -> Any:
    declared_secret = name in BY_NAME and BY_NAME[name].secret
    return MASK if value and declared_secret else fit_to_show(name, value)


def _was_changed(name: str, value: Any) -> bool:
    return name in _DEFAULTS and value != _DEFAULTS[name]
