"""Celeriac: the application, a facade over the rooms of this folder."""

import importlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from celeriac.core import signals
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.signals import Signal
from celeriac.current import (
    forget_app,
    get_current_task,
    get_current_worker_task,
    set_current_app,
    set_default_app,
)
from celeriac.settings import Settings

from . import annotations, periodic
from .configuring import Configuration
from .decorating import Decorating
from .fixups import fixups_of, packages_of
from .lamport import LamportClock
from .moments import zone_of
from .naming import task_name
from .on_demand import add_autoretry_behaviour, checker
from .registry import TaskRegistry
from .reporting import bugreport
from .rooms import Rooms
from .security import setup_security
from .sending_api import Sending
from .shared import announce_finalized, connect_on_app_finalize
from .symbols import symbol


class Celeriac(Decorating, Sending, Rooms):
    """An app: its settings, its tasks, and how to call them.

    `Celeriac("proj", broker="redis://")`; any setting may be given as a keyword.
    """

    product = "celeriac"  # the name it goes by on the command line and in names of nodes
    task_cls: Any = "celeriac.app.task:Task"
    registry_cls: Any = TaskRegistry
    builtin_fixups: Iterable[str] = ("celeriac.contrib.django:fixup",)

    def __init__(
        self,
        main: str | None = None,
        loader: Any = None,
        backend: Any = None,
        amqp: Any = None,
        events: Any = None,
        log: Any = None,
        control: Any = None,
        set_as_current: bool = True,
        tasks: Any = None,
        broker: Any = None,
        include: Any = None,
        changes: Mapping[str, Any] | None = None,
        config_source: Any = None,
        fixups: Iterable[Any] | None = None,
        task_cls: Any = None,
        autofinalize: bool = True,
        namespace: str | None = None,
        strict_typing: bool = True,
        config_source_silent: bool = False,
        **kwargs: Any,
    ) -> None:
        self.main = main
        self.set_as_current = set_as_current
        self.autofinalize = autofinalize
        self.namespace = namespace
        self.strict_typing = strict_typing
        self.finalized = False
        self.clock = LamportClock()
        self.user_options: defaultdict[str, set[Any]] = defaultdict(set)
        self.steps: defaultdict[str, set[Any]] = defaultdict(set)
        self.task_cls, self.events_cls = task_cls or self.task_cls, events or self.events_cls
        self.amqp_cls, self.control_cls = amqp or self.amqp_cls, control or self.control_cls
        self.on_configure = Signal((), "app.on_configure")
        self.on_after_configure = Signal(("source",), "app.on_after_configure")
        self.on_after_finalize = Signal((), "app.on_after_finalize")
        self.on_after_fork = Signal((), "app.on_after_fork")
        self._lock = threading.RLock()
        self._loader = loader
        self._tasks: TaskRegistry = tasks if isinstance(tasks, TaskRegistry) else self.registry_cls(tasks or {})
        given = {"broker_url": broker, "result_backend": backend, "include": include}
        said = {name: value for name, value in given.items() if value is not None}
        self._configuration = Configuration(self, {**(changes or {}), **said, **kwargs})
        if config_source is not None:
            self.config_from_object(config_source, silent=config_source_silent)
        if set_as_current:
            self.set_current()
        self.fixups = fixups_of(self, fixups)
        self.on_init()

    def on_init(self) -> None:
        """Called at the end of the constructor, for subclasses."""

    # -- configuration

    @property
    def conf(self) -> Settings:
        """The settings, read at first use."""
        return self._configuration.conf

    @conf.setter
    def conf(self, settings: Mapping[str, Any]) -> None:
        self._configuration.conf.update(settings)

    @property
    def configured(self) -> bool:
        """True once the configuration has been read."""
        return not self.conf.pending

    def config_from_object(
        self, obj: Any, silent: bool = False, force: bool = False, namespace: str | None = None
    ) -> None:
        """Read settings from an object, a module, a dict or the path of one."""
        self._configuration.from_object(obj, silent, force, namespace or self.namespace)

    def config_from_envvar(
        self, variable_name: str, silent: bool = False, force: bool = False, namespace: str | None = None
    ) -> bool:
        """Read settings from the module that an environment variable names."""
        return self._configuration.from_envvar(variable_name, silent, force, namespace or self.namespace)

    def config_from_cmdline(self, argv: Sequence[str], namespace: str = "celeriac") -> None:
        """Settings spelt as name=value."""
        self._configuration.from_cmdline(list(argv), namespace)

    def add_defaults(self, fun: Any) -> Any:
        """Settings that hold where nobody says otherwise: a dict, or a function that returns one."""
        self.conf.add_defaults(fun)
        return fun

    def either(self, default_key: str, *defaults: Any) -> Any:
        """The setting, or the first of the other values that is not None."""
        value = self.conf.get(default_key)
        return next((found for found in (value, *defaults) if found is not None), None)

    @property
    def timezone(self) -> tzinfo:
        """The time zone of moments that name none."""
        return zone_of(self.conf)

    def now(self) -> datetime:
        """The moment, in the app's time zone."""
        return datetime.now(self.timezone)

    def uses_utc_timezone(self) -> bool:
        """True if the app's time zone is UTC."""
        return str(self.timezone) == "UTC"

    # -- tasks

    @property
    def tasks(self) -> TaskRegistry:
        """All tasks by name; looking at them finalizes the app."""
        if not self.finalized:
            self.finalize(auto=True)
        return self._tasks

    @cached_property
    def Task(self) -> Any:  # noqa: N802 - Celery's name
        """The base class of this app's tasks."""
        base = symbol(self.task_cls)
        own = {"_app": self, "app": self, "abstract": True, "__module__": base.__module__, "__doc__": base.__doc__}
        if not self.strict_typing:
            own["typing"] = False
        return type("Task", (base,), own)

    def _add_task(self, task: Any) -> None:
        self._tasks[task.name] = task
        if self.finalized:
            task._settle()

    def register_task(self, task: Any, **options: Any) -> Any:
        """Add a task of a class of your own."""
        task = task() if isinstance(task, type) else task
        cls = type(task)
        if not task.name:
            task.name = self.gen_task_name(cls.__name__, cls.__module__)
        cls._app = self
        add_autoretry_behaviour(task, **options)
        self._add_task(task)
        return task

    def gen_task_name(self, name: str, module: str | None) -> str:
        """What a function's task is called."""
        return task_name(self, name, module)

    def type_checker(self, fun: Callable[..., Any], bound: bool = False) -> Callable[..., None]:
        """A function that takes what `fun` takes, and does nothing."""
        return checker(fun, bound)

    def create_task_cls(self) -> Any:
        """The base class of this app's tasks."""
        return self.Task

    def finalize(self, auto: bool = False) -> None:
        """Bind every task, shared ones too; done once, by itself unless autofinalize is off."""
        if self.finalized:
            return
        with self._lock:
            if self.finalized:
                return
            if auto and not self.autofinalize:
                raise RuntimeError("Contract breach: app not finalized. Call app.finalize() first.")
            self.finalized = True
            announce_finalized(self)
            for task in list(self._tasks.values()):
                task._settle()
            self.on_after_finalize.send(sender=self)

    def autodiscover_tasks(self, packages: Any = None, related_name: str | None = "tasks", force: bool = False) -> Any:
        """Import `tasks` of these packages (Django: of INSTALLED_APPS; a function may say) when a worker imports."""

        def discover(**_: Any) -> Any:
            return self.loader.autodiscover_tasks(packages_of(self, packages), related_name)

        if force:
            return discover()
        signals.import_modules.connect(discover, sender=self, weak=False)
        return None

    @cached_property
    def annotations(self) -> tuple[Any, ...]:
        """What task_annotations says."""
        return annotations.prepare(self.conf.task_annotations)

    def add_periodic_task(
        self, schedule: Any, sig: Any, args: Any = (), kwargs: Any = (), name: str | None = None, **opts: Any
    ) -> str:
        """Run a task again and again: best called in a receiver of on_after_configure or on_after_finalize."""
        return periodic.add(self, name, {"schedule": schedule, **periodic.call_of(sig, args, kwargs, opts)}, sig)

    # -- life

    @property
    def current_task(self) -> Any:
        """The task that runs here."""
        return get_current_task()

    @property
    def current_worker_task(self) -> Any:
        """The task that a worker runs here."""
        return get_current_worker_task()

    def set_current(self) -> None:
        """Make this the current app of this thread."""
        set_current_app(self)

    def set_default(self) -> None:
        """Make this the current app of all threads that have none."""
        set_default_app(self)

    def close(self) -> None:
        """Close connections and stop being the current app; the app can still be used."""
        forget_app(self)
        if "backend" in self.__dict__:
            self.backend.close()
        if "transports" in self.__dict__:
            self.transports.close()

    async def aclose(self) -> None:
        """close, and also what is open in the running event loop."""
        if "asynchronous" in self.__dict__:
            await self.asynchronous.close()
        self.close()

    def __enter__(self) -> "Celeriac":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def start(self, argv: Sequence[str] | None = None) -> Any:
        """Run the command line with this app."""
        return _command_line(self, argv)

    def worker_main(self, argv: Sequence[str] | None = None) -> Any:
        """Run a worker of this app in this process."""
        if argv is not None and "worker" not in argv:
            raise ValueError("The worker sub-command must be specified in argv: worker_main(['worker', ...])")
        return _command_line(self, argv)

    def bugreport(self) -> str:
        """Versions and settings, for reports of bugs."""
        return bugreport(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), {"main": self.main, "namespace": self.namespace, **self._reduce_keys()})

    def _reduce_keys(self) -> dict[str, Any]:
        return {"changes": dict(self.conf.changes), "strict_typing": self.strict_typing, "set_as_current": False}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.main or '__main__'} at {id(self):#x}>"

    def setup_security(
        self,
        allowed_serializers: Iterable[str] | None = None,
        key: str | None = None,
        key_password: str | bytes | None = None,
        cert: str | None = None,
        store: str | None = None,
        digest: str | None = None,
        serializer: str = "json",
    ) -> None:
        """Sign messages, and refuse those that nobody known has signed; the settings security_* name the files."""
        files = {"security_key": key, "security_key_password": key_password, "security_certificate": cert}
        setup_security(self, allowed_serializers, {**files, "security_cert_store": store}, digest, serializer)

    def signature(self, *args: Any, **kwargs: Any) -> Any:
        """A call of a task that is not made yet: app.signature("name", args, kwargs, queue="fast")."""
        kwargs["app"] = self
        return self.canvas.signature(*args, **kwargs)


def _unpickled(cls: type[Celeriac], keys: dict[str, Any]) -> Celeriac:
    return cls(**keys)


def _command_line(app: Celeriac, argv: Sequence[str] | None) -> Any:
    """The command line is a storey above: it is looked up when it is called."""
    try:
        main = importlib.import_module("celeriac.cli.main")
    except ModuleNotFoundError as exc:
        raise ImproperlyConfigured(f"this installation has no command line ({exc})") from exc
    return main.run(app, argv)


__all__ = ["Celeriac", "connect_on_app_finalize"]
