"""Loaders: how a worker gets the modules that hold tasks, and the hooks around processes and runs."""

import os
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from celeriac.core import signals
from celeriac.core.errors import ImproperlyConfigured
from celeriac.execution.faces import default_hook

from .symbols import import_from_cwd, symbol, working_directory_importable

_VARIABLES = ("CELERIAC_LOADER", "CELERY_LOADER")


class Loader:
    """The default: modules from the settings `imports` and `include`, and hooks that do nothing."""

    builtin_modules: frozenset[str] = frozenset()
    override_backends: dict[str, Any] = {}

    def __init__(self, app: Any, **kwargs: Any) -> None:
        self.app = app
        self.task_modules: set[str] = set()
        self.worker_initialized = False

    @default_hook
    def on_task_init(self, task_id: str, task: Any) -> None:
        """Called before each run."""

    @default_hook
    def on_process_cleanup(self) -> None:
        """Called after each run."""

    def on_worker_init(self) -> None:
        """Called when a worker starts, before its children are made."""

    def on_worker_shutdown(self) -> None:
        """Called when a worker ends."""

    def on_worker_process_init(self) -> None:
        """Called in each child of a worker as it starts."""

    def import_task_module(self, module: str) -> ModuleType:
        """Import a module for the tasks in it."""
        self.task_modules.add(module)
        return self.import_from_cwd(module)

    def import_module(self, module: str, package: str | None = None) -> ModuleType:
        """Import a module."""
        return import_module(module, package)

    def import_from_cwd(self, module: str, imp: Any = None, package: str | None = None) -> ModuleType:
        """Import a module that may lie in the working directory."""
        return import_from_cwd(module)

    def import_default_modules(self) -> list[ModuleType]:
        """Import everything that may hold tasks: what the signal's receivers find, and what the settings name."""
        for _, response in signals.import_modules.send(sender=self.app):
            if isinstance(response, Exception):
                raise response
        return [self.import_task_module(module) for module in self.default_modules]

    @property
    def default_modules(self) -> list[str]:
        """The modules that the settings name."""
        conf = self.app.conf
        return list(dict.fromkeys((*self.builtin_modules, *_several(conf.imports), *_several(conf.include))))

    def init_worker(self) -> None:
        """Once a process: import the tasks and call the hook."""
        if not self.worker_initialized:
            self.worker_initialized = True
            self.import_default_modules()
            self.on_worker_init()

    def shutdown_worker(self) -> None:
        """Call the hook."""
        self.on_worker_shutdown()

    def init_worker_process(self) -> None:
        """Call the hook."""
        self.on_worker_process_init()

    def autodiscover_tasks(self, packages: Iterable[str], related_name: str | None = "tasks") -> list[ModuleType]:
        """Import `related_name` of each package that has it."""
        with working_directory_importable():
            found = [find_related_module(package, related_name) for package in packages]
        modules = [module for module in found if module is not None]
        self.task_modules.update(module.__name__ for module in modules)
        return modules

    def read_configuration(self, env: str = "CELERIAC_CONFIG_MODULE") -> str | None:
        """The module of settings that the environment names."""
        return os.environ.get(env) or None


def find_related_module(package: str, related_name: str | None) -> ModuleType | None:
    """`package.related_name`, or None if the package has no such module; errors inside it are raised."""
    try:
        module = import_module(package)
    except ModuleNotFoundError:
        # "proj.apps.ProjConfig": a class in a module, as Django names its apps
        owner, _, last = package.rpartition(".")
        if not owner or not last[:1].isupper():
            raise
        return find_related_module(owner.rpartition(".")[0] or owner, related_name)
    if not related_name:
        return module
    name = f"{module.__name__}.{related_name}"
    if not hasattr(module, "__path__") or find_spec(name) is None:
        return None
    return import_module(name)


def make_loader(loader: Any, app: Any) -> Any:
    """The loader that an app was given: none, a known name, a class or the path of one, an instance.

    An app that was given none takes that of the environment, which is also what `--loader` says.
    """
    if loader is None:
        loader = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), None)
    if loader is None or loader in ("app", "default"):
        loader = Loader
    try:
        loader = symbol(loader)
    except ImportError as exc:
        raise ImproperlyConfigured(f"the loader {loader!r} can't be imported: {exc}") from exc
    return loader(app) if isinstance(loader, type) else loader


def _several(names: Any) -> tuple[str, ...]:
    if not names:
        return ()
    return (names,) if isinstance(names, str) else tuple(names)
