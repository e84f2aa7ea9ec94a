"""celery.loaders: Celery's three loaders; the default one reads celeryconfig.py."""

import os
import warnings
from importlib import import_module
from typing import Any

from celeriac.app.loaders import Loader as _Loader
from celeriac.app.symbols import symbol
from celeriac.exceptions import NotConfigured

DEFAULT_CONFIG_MODULE = "celeryconfig"
LOADER_ALIASES = {"app": "celery.loaders.app:AppLoader", "default": "celery.loaders.default:Loader"}


class BaseLoader(_Loader):
    """What loaders are derived from."""

    __module__ = "celery.loaders.base"

    def now(self, utc: bool = True) -> Any:
        """The moment."""
        return self.app.now()

    def config_from_object(self, obj: Any, silent: bool = False) -> bool:
        """Settings of an object or of the module of a name."""
        self.app.config_from_object(obj, silent=silent)
        return True

    def read_configuration(self, env: str = "CELERY_CONFIG_MODULE") -> str | None:
        """The module of settings that the environment names."""
        return os.environ.get(env) or super().read_configuration()


class AppLoader(BaseLoader):
    """The loader of apps."""

    __module__ = "celery.loaders.app"


class Loader(BaseLoader):
    """The loader of programs that have no app of their own."""

    __module__ = "celery.loaders.default"

    def setup_settings(self, settingsdict: Any) -> Any:
        """Settings from a dict."""
        return settingsdict

    def read_configuration(self, env: str = "CELERY_CONFIG_MODULE") -> str | None:
        """celeryconfig.py, unless the environment names another module."""
        named = super().read_configuration(env)
        if named:
            return named
        try:
            self.import_from_cwd(DEFAULT_CONFIG_MODULE)
        except ModuleNotFoundError as exc:
            if exc.name != DEFAULT_CONFIG_MODULE:
                raise
            if os.environ.get("C_WNOCONF"):
                warnings.warn(f"No {DEFAULT_CONFIG_MODULE} module found!", NotConfigured, stacklevel=2)
            return None
        return DEFAULT_CONFIG_MODULE


def get_loader_cls(loader: Any) -> Any:
    """The loader of a name or path."""
    path = LOADER_ALIASES.get(loader, loader) if isinstance(loader, str) else loader
    if isinstance(path, str) and ":" not in path and "." not in path:
        return import_module(path).Loader
    return symbol(path)
