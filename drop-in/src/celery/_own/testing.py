"""celery.contrib.testing: TestApp with Celery's defaults, and messages made for tests."""

from typing import Any
from unittest.mock import Mock

from celeriac.contrib.kombu.serialization import dumps
from celeriac.core.ids import uuid as new_id
from celeriac.testing import app as apps

from .. import _app


def TestApp(name: str | None = None, config: Any = None, **kwargs: Any) -> Any:  # noqa: N802 - Celery's name
    """An app for tests: queues and results in memory."""
    return apps.test_app(_app.Celery, name, config, **kwargs)


class ContextMock(Mock):
    """A mock that is a context manager, too."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass


def TaskMessage(  # noqa: N802 - Celery's name
    name: str,
    id: str | None = None,
    args: Any = (),
    kwargs: Any = None,
    callbacks: Any = None,
    errbacks: Any = None,
    chain: Any = None,
    shadow: Any = None,
    utc: Any = None,
    **options: Any,
) -> Any:
    """A message of protocol 2, as a mock."""
    message = Mock(name=f"TaskMessage-{id}")
    message.headers = {"id": id or new_id(), "task": name, "shadow": shadow, **options}
    embed = {"callbacks": callbacks, "errbacks": errbacks, "chain": chain}
    message.content_type, message.content_encoding, message.body = dumps([args, kwargs or {}, embed], "json")
    message.payload = (args, kwargs or {}, embed)
    return message


def TaskMessage1(  # noqa: N802 - Celery's name
    name: str,
    id: str | None = None,
    args: Any = (),
    kwargs: Any = None,
    callbacks: Any = None,
    errbacks: Any = None,
    chain: Any = None,
    **options: Any,
) -> Any:
    """A message of protocol 1, as a mock."""
    message = Mock(name=f"TaskMessage-{id}")
    message.headers = {}
    message.payload = {
        "task": name,
        "id": id or new_id(),
        "args": args,
        "kwargs": kwargs or {},
        "callbacks": callbacks,
        "errbacks": errbacks,
        **options,
    }
    message.content_type, message.content_encoding, message.body = dumps(message.payload, "json")
    return message


def task_message_from_sig(app: Any, sig: Any, utc: bool = True, TaskMessage: Any = TaskMessage) -> Any:  # noqa: N803
    """The message of a signature, as a mock."""
    sig.freeze()
    return TaskMessage(
        sig.task,
        id=sig.id,
        args=sig.args,
        kwargs=sig.kwargs,
        callbacks=[dict(s) for s in sig.options.get("link") or ()],
        errbacks=[dict(s) for s in sig.options.get("link_error") or ()],
    )
