"""Configuring: where an app's settings come from, and when they are read."""

import os
from collections.abc import Callable
from typing import Any

from celeriac.settings import Settings, read_cmdline, read_envvar, read_object

Source = Callable[[], dict[str, Any]]


class Configuration:
    """The settings of one app. They are read at first use, from the source that was named last."""

    def __init__(self, app: Any, changes: dict[str, Any]) -> None:
        self._app = app
        self._sources: list[Source] = []
        self.conf = Settings(changes, self._read, environ=os.environ, on_load=self._loaded)

    def from_object(self, source: Any, silent: bool, force: bool, namespace: str | None) -> None:
        """Settings of an object, module, dict or path, in place of those of an earlier source."""
        self._sources = [lambda: read_object(source, namespace, silent=silent, extra=self.conf.let_through)]
        self._reread(force)

    def from_envvar(self, variable: str, silent: bool, force: bool, namespace: str | None) -> bool:
        """Settings of the module that an environment variable names."""
        if silent and not os.environ.get(variable):
            return False
        self._sources = [lambda: self._envvar(variable, silent, namespace)]
        self._reread(force)
        return True

    def _envvar(self, variable: str, silent: bool, namespace: str | None) -> dict[str, Any]:
        return read_envvar(variable, silent=silent, namespace=namespace, extra=self.conf.let_through)

    def from_cmdline(self, argv: list[str], namespace: str) -> None:
        """Settings spelt on a command line."""
        self.conf.update(read_cmdline(argv, namespace))

    def _reread(self, force: bool) -> None:
        self.conf.set_source(self._read)
        if force:
            self.conf.finalize()

    def _read(self) -> dict[str, Any]:
        self._app.on_configure.send(sender=self._app)
        if self._sources:
            return self._sources[-1]()
        module = self._app.loader.read_configuration()
        return read_object(module, extra=self.conf.let_through) if module else {}

    def _loaded(self, conf: Settings) -> None:
        self._app.on_after_configure.send(sender=self._app, source=conf)
