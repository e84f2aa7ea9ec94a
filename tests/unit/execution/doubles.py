"""A small real app for tests of execution: tasks are classes, the backend keeps what it is given."""

from collections.abc import Callable
from typing import Any

from celeriac.core.clock import ManualClock
from celeriac.core.outcome import Outcome
from celeriac.core.record import Record
from celeriac.current import Context, request_of
from celeriac.execution import EagerExecutor, Executor, Verdicts, default_hook
from celeriac.wire import envelope, protocol2, results
from celeriac.wire.task_message import TaskCall

TASK_ID = "6281b2f8-269f-46fd-bd1d-a22d493724ca"

SETTINGS: dict[str, Any] = {
    "accept_content": ["json"],
    "result_serializer": "json",
    "result_compression": None,
    "result_extended": False,
    "result_expires": 86400,
    "result_failure_expires": None,
    "worker_send_task_events": False,
    "worker_deduplicate_successful_tasks": False,
}


class Task:
    """A task as execution sees it."""

    ignore_result = False
    store_errors_even_if_ignored = False
    track_started = False
    throws: Any = ()
    resultrepr_maxsize = 1024

    def __init__(self, name: str, run: Callable[..., Any] | None = None, **options: Any) -> None:
        self.name = name
        if run is not None:
            self.run = run  # type: ignore[method-assign]
        self.__dict__.update(options)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if args else None

    @default_hook
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.run(*args, **kwargs)

    @property
    def request(self) -> Context:
        found = request_of(self)
        assert found is not None
        return found

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Nothing."""

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        """Nothing."""

    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Nothing."""

    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Nothing."""

    def after_return(self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Nothing."""


class Diary(Task):
    """Writes down which handler was called, and with what."""

    def __init__(self, name: str, run: Callable[..., Any] | None = None, **options: Any) -> None:
        super().__init__(name, run, **options)
        self.entries: list[Any] = []

    def before_start(self, *args: Any) -> None:
        self.entries.append(("before_start", *args))

    def on_success(self, *args: Any) -> None:
        self.entries.append(("on_success", *args))

    def on_failure(self, *args: Any) -> None:
        self.entries.append(("on_failure", *args))

    def on_retry(self, *args: Any) -> None:
        self.entries.append(("on_retry", *args))

    def after_return(self, *args: Any) -> None:
        self.entries.append(("after_return", *args))

    def called(self) -> list[str]:
        return [entry[0] for entry in self.entries]


class Backend:
    """Keeps the last state of each task."""

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self.states: dict[str, str] = {}
        self.stored: list[tuple[str, Any, str]] = []

    def store_result(self, task_id: str, result: Any, state: str, **options: Any) -> None:
        self.states[task_id] = state
        self.stored.append((task_id, result, state))

    def get_state(self, task_id: str) -> str:
        return self.states.get(task_id, "PENDING")

    @default_hook
    def process_cleanup(self) -> None:
        """Nothing."""


class Loader:
    """Has no hooks of its own."""


class App:
    """Tasks by name, settings, a backend, a loader."""

    def __init__(self, *tasks: Any, loader: Any = None, backend: Any = None, **settings: Any) -> None:
        self.tasks = {task.name: task for task in tasks}
        self.conf = {**SETTINGS, **settings}
        self.backend = backend or Backend()
        self.loader = loader or Loader()

    def executor(self, **options: Any) -> Executor:
        options.setdefault("clock", ManualClock())
        return Executor(self, "worker@host", **options)

    def verdicts(self) -> Verdicts:
        return Verdicts(self, "worker@host", clock=ManualClock())

    def eager(self, stores: bool = False) -> EagerExecutor:
        return EagerExecutor(self, "host", clock=ManualClock(), stores=stores)


def message(name: str, *args: Any, call: dict[str, Any] | None = None, **kwargs: Any) -> bytes:
    """A task message in its envelope; `call` holds further fields of TaskCall."""
    built = protocol2.build(TaskCall(name=name, id=TASK_ID, args=args, kwargs=kwargs, **(call or {})))
    return envelope.encode_kombu(built, routing_key="celery", tag="tag")


def run(task: Any, *args: Any, **kwargs: Any) -> Outcome:
    """One run of one task in an app of its own."""
    return App(task).executor().run(message(task.name, *args, **kwargs))


def meta(outcome_or_record: Outcome | Record) -> dict[str, Any]:
    """The result document of an outcome."""
    record = outcome_or_record if isinstance(outcome_or_record, Record) else outcome_or_record.record
    assert record is not None
    return results.decode(record.payload)
