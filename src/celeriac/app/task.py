"""Task: what @app.task makes of a function, and the base of task classes."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NoReturn, ParamSpec, TypeVar

from celeriac.core.errors import MaxRetriesExceededError, OperationalError
from celeriac.current import (
    Context,
    get_current_app,
    pop_request,
    pop_task,
    push_request,
    push_task,
    request_of,
    requests_of,
)
from celeriac.execution.faces import default_hook
from celeriac.result import AsyncResult, EagerResult

from . import calling, retrying
from .annotations import annotate
from .from_config import FROM_CONFIG, FromConfig, settle
from .on_demand import checker
from .signing import Signing

if TYPE_CHECKING:
    from .app import Celeriac

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class _App:
    """The app of a task or of a task class: the one it is bound to, else the current one."""

    def __get__(self, task: Any, owner: Any) -> Any:
        app = owner._app
        return get_current_app() if app is None else app


class Task(Signing, Generic[P, R]):
    """A unit of work. Subclass it to give many tasks the same options and handlers."""

    _app: ClassVar[Any] = None
    _backend: Any = None
    app: "Celeriac" = _App()  # type: ignore[assignment]

    name: str = None  # type: ignore[assignment]  # given when the task is registered
    typing: bool = True
    abstract: bool = True
    trail: bool = True
    send_events: bool = True
    throws: Any = ()
    max_retries: int | None = 3
    override_max_retries: int | None = None
    default_retry_delay: float = 3 * 60
    resultrepr_maxsize: int = 1024
    expires: Any = None
    Strategy: Any = "celeriac.worker.strategy:default"
    Request: Any = "celeriac.worker.request:Request"
    MaxRetriesExceededError: type[Exception] = MaxRetriesExceededError
    OperationalError: type[Exception] = OperationalError

    queue: Any = None
    exchange: Any = None
    routing_key: Any = None
    delivery_mode: Any = None
    compression: Any = None
    immediate: Any = None
    mandatory: Any = None

    serializer: Any = FromConfig("task_serializer")
    rate_limit: Any = FromConfig("task_default_rate_limit")
    priority: Any = FromConfig("task_default_priority")
    time_limit: Any = FromConfig("task_time_limit")
    soft_time_limit: Any = FromConfig("task_soft_time_limit")
    track_started: Any = FromConfig("task_track_started")
    acks_late: Any = FromConfig("task_acks_late")
    acks_on_failure_or_timeout: Any = FromConfig("task_acks_on_failure_or_timeout")
    acks_on_failure: Any = FromConfig("task_acks_on_failure")
    acks_on_timeout: Any = FromConfig("task_acks_on_timeout")
    reject_on_worker_lost: Any = FromConfig("task_reject_on_worker_lost")
    retry_on_worker_lost: Any = FromConfig("task_retry_on_worker_lost")
    ignore_result: Any = FromConfig("task_ignore_result")
    store_eager_result: Any = FromConfig("task_store_eager_result")
    store_errors_even_if_ignored: Any = FromConfig("task_store_errors_even_if_ignored")

    from_config = FROM_CONFIG
    autoretry_for: Any = ()
    dont_autoretry_for: Any = ()
    retry_kwargs: Any = None
    retry_backoff: Any = False
    retry_backoff_max: int = 600
    retry_jitter: bool = True

    _settled = False
    _check: Callable[..., None] | None = None
    _pydantic: Any = None
    _idle_request: Context | None = None

    # -- what a task class may override

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The body of the task."""
        raise NotImplementedError(f"task {self.name!r} must define run()")

    @default_hook
    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Called before the body."""

    @default_hook
    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        """Called when the body returned and its result is stored."""

    @default_hook
    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Called when the task is to be tried again."""

    @default_hook
    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Called when the body raised and the failure is stored."""

    @default_hook
    def after_return(self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Called after a success or a failure, last of all handlers."""

    def shadow_name(self, args: Any, kwargs: Any, options: Any) -> str | None:
        """Another name for this call in logs and monitors."""
        return None

    def start_strategy(self, app: Any, consumer: Any, **kwargs: Any) -> NoReturn:
        """Celery's hook for the worker's intake."""
        raise NotImplementedError("Task.start_strategy is not in this release of celeriac")

    @classmethod
    def on_bound(cls, app: Any) -> None:
        """Called when the task is bound to an app."""

    # -- binding

    @classmethod
    def bind(cls, app: Any) -> Any:
        """Bind the class to an app: its settings give the options that nobody else gave."""
        cls._app = app
        cls.on_bound(app)
        return app

    @classmethod
    def add_around(cls, attr: str, around: Callable[..., Any]) -> None:
        """Wrap a method of the class: `around(original)` gives the new one."""
        made = around(getattr(cls, attr))
        written = next((vars(owner)[attr] for owner in cls.__mro__ if attr in vars(owner)), None)
        setattr(cls, attr, staticmethod(made) if isinstance(written, staticmethod) else made)

    def annotate(self) -> None:
        """Apply what task_annotations say about this task."""
        annotate(self)

    def _settle(self) -> None:
        """Done once, when the app is finalized: annotations and settings become plain attributes."""
        if not self._settled:
            self._settled = True
            self.on_bound(self.app)
            self.annotate()
            settle(self)

    # -- calling

    @default_hook
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the body like a plain function."""
        push_task(self, Context(args=args, kwargs=kwargs))
        try:
            return self.run(*args, **kwargs)
        finally:
            pop_task()

    @classmethod
    def _get_app(cls) -> Any:
        """The app, as task classes of other distributions ask for it."""
        return cls.app

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult[R]:
        """Send the task with these arguments."""
        if type(self).apply_async is not _OWN_APPLY_ASYNC or "apply_async" in self.__dict__:
            # A class of the program's own, or somebody who watches calls, has put another in its place.
            other: AsyncResult[R] = self.apply_async(args, kwargs)
            return other
        result: AsyncResult[R] = calling.apply_async(self, args, kwargs, {})
        return result

    async def adelay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult[R]:
        """Send the task with these arguments, from async code."""
        if type(self).aapply_async is not _OWN_AAPPLY_ASYNC or "aapply_async" in self.__dict__:
            return await self.aapply_async(args, kwargs)
        result: AsyncResult[R] = await calling.aapply_async(self, args, kwargs, {})
        return result

    def apply_async(
        self,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: str | None = None,
        producer: Any = None,
        link: Any = None,
        link_error: Any = None,
        shadow: str | None = None,
        **options: Any,
    ) -> AsyncResult[R]:
        """Send the task with options: countdown, eta, expires, queue, priority, ... (see the docs of calling)."""
        if task_id or link or link_error or shadow:
            options.update(task_id=task_id, link=link, link_error=link_error, shadow=shadow)
        if type(producer) is calling.Collector:
            collected: AsyncResult[R] = producer.take(self, args, kwargs, options)
            return collected
        result: AsyncResult[R] = calling.apply_async(self, args, kwargs, options)
        return result

    async def aapply_async(
        self, args: Iterable[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> AsyncResult[R]:
        """apply_async from async code, with the same options."""
        result: AsyncResult[R] = await calling.aapply_async(self, args, kwargs, options)
        return result

    def apply(
        self,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        link: Any = None,
        link_error: Any = None,
        task_id: str | None = None,
        retries: int = 0,
        throw: bool | None = None,
        logfile: Any = None,
        loglevel: Any = None,
        headers: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> EagerResult[R]:
        """Run the task here and now, as a worker would."""
        options.update(link=link, link_error=link_error, headers=headers, logfile=logfile, loglevel=loglevel)
        eager = self.app.eager
        result: EagerResult[R] = eager.apply(self, args, kwargs, eager.EagerCall(task_id, retries, throw, options))
        return result

    def retry(
        self,
        args: Any = None,
        kwargs: Any = None,
        exc: BaseException | None = None,
        throw: bool = True,
        eta: Any = None,
        countdown: float | None = None,
        max_retries: int | None = None,
        **options: Any,
    ) -> Any:
        """Try again later: raises Retry, so that code after it does not run.

        Over max_retries it raises `exc` if given, else MaxRetriesExceededError.
        """
        options.update(eta=eta, countdown=countdown)
        return retrying.retry(self, retrying.Again(args, kwargs, exc, throw, max_retries, options))

    def check_arguments(self, args: Any, kwargs: Any) -> None:
        """Raises TypeError if the task's function does not take these arguments."""
        check = self._check
        if check is None:
            check = self._check = checker(self.run)
        check(*args, **kwargs)

    # -- state

    @property
    def request(self) -> Context:
        """What is known of the call that runs here; outside of one, an empty context."""
        found = request_of(self)
        if found is None:
            found = self._idle_request
            if found is None:
                found = self._idle_request = Context()
        return found

    def push_request(self, *args: Any, **kwargs: Any) -> None:
        """Begin a call with this context: for tests of what a task does with its request."""
        push_request(self, Context(*args, **kwargs))

    def pop_request(self) -> Context | None:
        """End the call that push_request began."""
        return pop_request()

    @property
    def request_stack(self) -> list[Context]:
        """The contexts of this task's calls that run here, the innermost last."""
        return requests_of(self)

    @property
    def backend(self) -> Any:
        """Where the task's results go."""
        return self.app.backend if self._backend is None else self._backend

    @backend.setter
    def backend(self, value: Any) -> None:
        self._backend = value

    def AsyncResult(self, task_id: str, **kwargs: Any) -> AsyncResult[R]:  # noqa: N802 - Celery's name
        """The result of a call of this task, by its id."""
        return self.app.AsyncResult(task_id, task_name=self.name, **kwargs)

    def update_state(
        self, task_id: str | None = None, state: str | None = None, meta: Any = None, **kwargs: Any
    ) -> None:
        """Store a state of your own with details, for whoever asks for the result."""
        request = self.request
        self.backend.store_result(task_id or request.id, meta, state, request=request, **kwargs)

    def add_trail(self, result: Any) -> Any:
        """Remember a result as one that this run caused."""
        if self.trail:
            self.request.children.append(result)
        return result

    def send_event(self, type_: str, retry: bool = True, retry_policy: Any = None, **fields: Any) -> None:
        """Tell monitors something of the current run: an event `type_`, with the task's id as `uuid`."""
        request = self.request
        with self.app.events.default_dispatcher(hostname=request.hostname) as dispatcher:
            dispatcher.send(type_, uuid=request.id, **fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return _task_by_name, (self.name, type(self).__module__)

    def __repr__(self) -> str:
        return f"<@task: {self.name} of {self.app.main} at {id(self.app):#x}>"


def _task_by_name(name: str, module: str | None) -> Any:
    """A task from its pickle."""
    app = get_current_app()
    if name not in app.tasks and module:
        import_module(module)
    return app.tasks[name]


_OWN_APPLY_ASYNC: Final = Task.apply_async
_OWN_AAPPLY_ASYNC: Final = Task.aapply_async
