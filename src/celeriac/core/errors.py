"""Every error a user can meet, in one tree.

CeleriacError
  ImproperlyConfigured   a setting is wrong; the message names it and the nearest right one
  SecurityError
  TaskPredicate          raised inside a task to say how the run ends: Ignore, Reject, Retry
  TaskError              QueueNotFound, IncompleteStream, NotRegistered, AlreadyRegistered,
                         TimeoutError, MaxRetriesExceededError, TaskRevokedError,
                         InvalidTaskError, ChordError
BackendError             BackendGetMetaError, BackendStoreError
OperationalError         the broker or result store can't be reached or refused; says which and why
ConsumerLost             LeaseLost: another worker may own what this one claimed
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from datetime import datetime
from typing import Any


class CeleriacError(Exception):
    """The root of errors that are about tasks and settings."""


CeleryError = CeleriacError


class ImproperlyConfigured(CeleriacError):
    """A setting is missing, misspelt or of the wrong type."""


class SecurityError(CeleriacError):
    """A message or key could not be trusted."""


class OperationalError(Exception):
    """The broker or result store can't be reached, or refused the operation."""


class NotAllSent(OperationalError):
    """Of many messages the broker took all but those at the places `left`."""

    def __init__(self, text: str, left: Sequence[int] = ()) -> None:
        super().__init__(text)
        self.left = tuple(left)


class Unsent(CeleriacError):
    """All is settled (`ended` says what was ours), but some of what was to be sent with it the broker never takes:
    pairs of the post and why."""

    def __init__(self, text: str, ended: Sequence[bool] = (), posts: Sequence[tuple[Any, str]] = ()) -> None:
        super().__init__(text)
        self.ended = tuple(ended)
        self.posts = tuple(posts)


class Conflict(OperationalError):
    """It is there already, and is another than what was asked for: no try will do until one of both is changed."""


class LeaseLost(OperationalError):
    """This worker's lease ran out: what it had claimed may belong to another worker by now."""


class ContentDisallowed(Exception):
    """A message's content type is not in accept_content."""


class DecodeError(Exception):
    """A message or a result is not what its content type says."""


class EncodeError(Exception):
    """A value can't be written by the chosen serializer."""


class SerializerNotInstalled(Exception):
    """The serializer or compression is unknown, or the library it needs is not installed."""


class TaskPredicate(CeleriacError):
    """Raised inside a task to say how its run ends."""


class Ignore(TaskPredicate):
    """Forget the run: acknowledged, no state stored."""


class Reject(TaskPredicate):
    """Refuse the message: back to the queue with requeue=True, else to the dead letters."""

    def __init__(self, reason: Any = None, requeue: bool = False) -> None:
        self.reason = reason
        self.requeue = requeue
        super().__init__(reason, requeue)

    def __repr__(self) -> str:
        return f"reject requeue={self.requeue}: {self.reason}"


class Retry(TaskPredicate):
    """The task is to be tried again."""

    message: str | None = None
    exc: BaseException | None = None
    excs: str | None = None
    when: float | datetime | None = None

    def __init__(
        self,
        message: str | None = None,
        exc: Any = None,
        when: float | datetime | None = None,
        is_eager: bool = False,
        sig: Any = None,
        **kwargs: Any,
    ) -> None:
        self.message = message
        self.exc, self.excs = (None, exc) if isinstance(exc, str) else (exc, repr(exc) if exc else None)
        self.when = when
        self.is_eager = is_eager
        self.sig = sig
        super().__init__(self, exc, when, **kwargs)

    def humanize(self) -> str:
        if isinstance(self.when, numbers.Number):
            return f"in {self.when}s"
        return f"at {self.when}"

    def __str__(self) -> str:
        if self.message:
            return self.message
        if self.excs:
            return f"Retry {self.humanize()}: {self.excs}"
        return f"Retry {self.humanize()}"

    def __reduce__(self) -> tuple[Any, ...]:
        return self.__class__, (self.message, self.exc, self.when)


RetryTaskError = Retry


class TaskError(CeleriacError):
    """Something is wrong with a task."""


class QueueNotFound(KeyError, TaskError):
    """The queue is not in task_queues and task_create_missing_queues is off."""


class IncompleteStream(TaskError):
    """Data ended early."""


class NotRegistered(KeyError, TaskError):
    """No task of that name is registered."""

    def __repr__(self) -> str:
        return f"No task named {self.args[0]!r} is registered: is the module that defines it imported by the worker?"

    __str__ = __repr__


class AlreadyRegistered(TaskError):
    """A task of that name is registered already."""


class TimeoutError(TaskError):
    """The result did not come in time."""


class MaxRetriesExceededError(TaskError):
    """The task was tried as often as its max_retries allow."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.task_args = kwargs.pop("task_args", [])
        self.task_kwargs = kwargs.pop("task_kwargs", {})
        super().__init__(*args)


class TaskRevokedError(TaskError):
    """The task was revoked: there is no result."""


class InvalidTaskError(TaskError):
    """The message is no task message, or its arguments have the wrong form."""


class ChordError(TaskError):
    """A member of a chord's header failed."""


class BackendError(Exception):
    """The result store failed."""


class BackendGetMetaError(BackendError):
    """A result could not be read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.task_id = kwargs.get("task_id", "")
        super().__init__(*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()} task_id:{self.task_id}"


class BacklogLimitExceeded(BackendError):
    """A result came, and was dropped to make room: too many that nobody had read came after it."""


class BackendStoreError(BackendError):
    """A result could not be stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.state = kwargs.get("state", "")
        self.task_id = kwargs.get("task_id", "")
        super().__init__(*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()} state:{self.state} task_id:{self.task_id}"


class SoftTimeLimitExceeded(Exception):
    """The soft time limit has passed: raised inside the task, which may clean up."""

    def __str__(self) -> str:
        return f"SoftTimeLimitExceeded{self.args}"


class TimeLimitExceeded(Exception):
    """The hard time limit has passed: the run was ended."""

    def __str__(self) -> str:
        return f"TimeLimitExceeded{self.args}"


class WorkerLostError(Exception):
    """The process that ran the task died."""


class Terminated(Exception):
    """The run was ended by request."""


class CeleriacWarning(UserWarning):
    """The root of our warnings."""


CeleryWarning = CeleriacWarning


class AlwaysEagerIgnored(CeleriacWarning):
    """send_task does not look at task_always_eager."""


class DuplicateNodenameWarning(CeleriacWarning):
    """Two workers use one node name."""


class DuplicateTaskNameWarning(CeleriacWarning):
    """Two functions share one task name."""


class FixupWarning(CeleriacWarning):
    """A fix-up found something odd."""


class NotConfigured(CeleriacWarning):
    """No configuration was found."""


class SecurityWarning(CeleriacWarning):
    """Something works but is not safe."""


class CDeprecationWarning(DeprecationWarning):
    """Works now, will go."""


class CPendingDeprecationWarning(PendingDeprecationWarning):
    """Works now, will be deprecated."""


class WorkerTerminate(SystemExit):
    """Stop the worker now."""


class WorkerShutdown(SystemExit):
    """Stop the worker when its running tasks are done."""


def reraise(tp: type[BaseException], value: BaseException, tb: Any = None) -> None:
    """Raise value with tb as its traceback."""
    if value.__traceback__ is not tb:
        raise value.with_traceback(tb)
    raise value
