"""The settings of one app: changes over configuration over defaults, read at the speed of an attribute."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .catalogue import defaults as declared_defaults
from .derive import derive
from .judge import decide
from .lookup import Lookup
from .names import find
from .reading import one_reader
from .sources import read_environ

Layer = Mapping[str, Any]
Source = Callable[[], Layer]

_put = object.__setattr__


class Settings(Lookup):
    """Attributes and items are the same: `conf.task_serializer`, `conf["task_serializer"]`, by new or old names.

    The instance's __dict__ holds the settings in force and nothing else, so that reading one costs no more than
    reading an attribute. It is empty until the configuration is read, which the first look at it does.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_added",
        "_changes",
        "_config",
        "_defaults",
        "_environ",
        "_loading",
        "_on_load",
        "_source",
        "generation",
    )

    _added: dict[str, Any]
    _changes: dict[str, Any]
    _config: dict[str, Any]
    _defaults: dict[str, Any]
    _environ: Mapping[str, str]
    _loading: bool
    _on_load: "Callable[[Settings], None] | None"
    _source: Source | None
    generation: int  # grows with every change: whoever keeps what he made of settings looks at this alone

    def __init__(
        self,
        changes: Layer | None = None,
        source: Source | None = None,
        *,
        defaults: Layer | None = None,
        environ: Mapping[str, str] | None = None,
        on_load: "Callable[[Settings], None] | None" = None,
    ) -> None:
        """`source` gives the configuration (as read_object does) when it is first needed; then `on_load` is called.

        `environ` is where CELERIAC_BROKER_URL and its like are looked up; without one, nowhere.
        """
        _put(self, "_defaults", declared_defaults() | dict(defaults or {}))
        _put(self, "_added", {})
        _put(self, "_config", {})
        _put(self, "_changes", {})
        _put(self, "_environ", environ if environ is not None else {})
        _put(self, "_loading", False)
        _put(self, "_on_load", on_load)
        _put(self, "_source", source or dict)
        _put(self, "generation", 0)
        self._changes.update(self._settled(changes or {}))

    # Reading

    def __getattr__(self, name: str) -> Any:
        # Called only for what is not in force: an old name, an unknown one, or anything before loading.
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"There is no setting {name!r}.", name=name, obj=self) from None

    def __getitem__(self, key: str) -> Any:
        try:
            return self.__dict__[key]
        except KeyError:
            name = self._name(key)
        return self._held()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._held()))

    def __len__(self) -> int:
        return len(self._held())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._name(key) in self._held()

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._held()]

    def __repr__(self) -> str:
        return f"<Settings: {self.table() if self._source is None else 'not read yet'}>"

    # Writing

    def __setattr__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"{name!r} was not changed here.", name=name, obj=self) from None

    def __delitem__(self, key: str) -> None:
        """Take back a change."""
        del self._changes[self._name(key)]
        self._refresh()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """All of it or, if one is wrong, nothing."""
        self._changes.update(self._settled(dict(*args, **kwargs)))
        self._refresh()

    def clear(self) -> None:
        """Take back all changes."""
        self._changes.clear()
        self._refresh()

    def add_defaults(self, values: Layer | Callable[[], Layer]) -> None:
        """Values that hold where neither the configuration nor a change says otherwise."""
        self._added.update(self._settled(values() if callable(values) else values))
        self._refresh()

    # Loading

    def set_source(self, source: Source) -> None:
        """Read the configuration from here when it is next needed; changes stay."""
        _put(self, "_source", source)
        _put(self, "_config", {})
        self.__dict__.clear()
        self._changed()

    @property
    def pending(self) -> bool:
        """True until the configuration has been read."""
        return self._source is not None

    @property
    def let_through(self) -> tuple[str, ...]:
        """The patterns of extra_settings, as far as they are known before the configuration is read."""
        return tuple(_merged(self._changes, self._config, self._added, self._defaults)["extra_settings"])

    def finalize(self) -> "Settings":
        """Read the configuration if it has not been read."""
        if self._source is None:
            return self
        with one_reader():
            source = self._source
            if source is None or self._loading:
                return self
            _put(self, "_loading", True)
            try:
                _put(self, "_config", dict(source()))
                # First the values, then the word that they are there: other threads do not take the lock after it.
                self.__dict__.update(self._view())
                _put(self, "_source", None)
            finally:
                _put(self, "_loading", False)
            self._refresh()
        if self._on_load is not None:
            self._on_load(self)
        return self

    # Layers

    @property
    def maps(self) -> list[dict[str, Any]]:
        """The layers, the strongest first."""
        self.finalize()
        return [self._changes, self._config, self._added, self._defaults]

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed on this object, by new names."""
        return dict(self._changes)

    @property
    def defaults(self) -> dict[str, Any]:
        """What holds where nothing was said."""
        return _merged(self._added, self._defaults)

    def copy(self) -> "Settings":
        """Another object that says the same; its layers are its own."""
        return _restore([dict(layer) for layer in self.maps], dict(self._environ))

    def __reduce__(self) -> tuple[Any, ...]:
        environ = {f"CELERIAC_{name.upper()}": value for name, value in read_environ(self._environ).items()}
        return _restore, (self.maps, environ)

    def _name(self, key: str) -> str:
        meaning = find(key)
        return meaning.setting.name if meaning else key

    def _settled(self, values: Layer) -> dict[str, Any]:
        patterns = (*self.let_through, *(values.get("extra_settings") or ()))
        return dict(decide(key, value, patterns) for key, value in values.items())

    def _held(self) -> dict[str, Any]:
        """What is in force.

        A module of settings may import the app and look at its settings: it sees what is there without it.
        """
        self.finalize()
        return self.__dict__ if self._source is None else self._view()

    def _view(self) -> dict[str, Any]:
        view = _merged(self._changes, self._config, self._added, self._defaults) | read_environ(self._environ)
        derive(view)
        for name in view.keys() & _TAKEN:  # a helper variable called "items" must not hide the method
            del view[name]
        return view

    def _refresh(self) -> None:
        """Put what is in force into place, unless the configuration has not been read."""
        if self._source is not None:
            return
        view = self._view()
        held = self.__dict__
        held.update(view)
        for gone in held.keys() - view.keys():
            del held[gone]
        self._changed()

    def _changed(self) -> None:
        _put(self, "generation", self.generation + 1)


_TAKEN = frozenset(dir(Settings))


def _merged(*layers: dict[str, Any]) -> dict[str, Any]:
    """One dict of several, the strongest first."""
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged |= layer
    return merged


def _restore(layers: list[dict[str, Any]], environ: Mapping[str, str]) -> Settings:
    changes, config, added, defaults = layers
    settings = Settings(source=lambda: config, defaults=defaults, environ=environ)
    settings._changes.update(changes)
    settings._added.update(added)
    return settings.finalize()
