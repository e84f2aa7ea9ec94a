"""Retrying: what self.retry() does: another message for the same work, or the end of patience."""

import sys
from typing import Any

import msgspec

from celeriac.core.errors import Reject, Retry

from . import announcing

Options = dict[str, Any]


class Again(msgspec.Struct, frozen=True):
    """What the task asked of retry()."""

    args: Any
    kwargs: Any
    exc: BaseException | None
    throw: bool
    max_retries: int | None
    options: Options


def retry(task: Any, again: Again) -> Any:
    """Raises Retry; or exc, or MaxRetriesExceededError, when there were enough tries."""
    request = task.request
    if request.called_directly:
        _raise(again.exc, Retry("Task can be retried", None))
    if again.max_retries is not None:
        task.override_max_retries = again.max_retries
    most = task.max_retries if again.max_retries is None else again.max_retries
    if most is not None and request.retries >= most:
        _give_up(task, request, again.exc)
    options = options_for(task, request, again)
    next_try = NextTry(task, again.args, again.kwargs, options)
    when = options.get("eta") or options.get("countdown")
    signal = Retry(exc=again.exc, when=when, is_eager=request.is_eager, sig=next_try)
    if not request.is_eager:
        _arrange(task, request, next_try)
    if again.throw:
        raise signal
    return signal


def _raise(exc: BaseException | None, otherwise: BaseException) -> None:
    current = sys.exc_info()[1]
    if exc is None:
        raise current if current is not None else otherwise
    if current is None or current is exc:
        raise exc
    raise exc from current


def _give_up(task: Any, request: Any, exc: BaseException | None) -> None:
    too_many = task.MaxRetriesExceededError(
        f"Can't retry {task.name}[{request.id}] args:{request.args} kwargs:{request.kwargs}",
        task_args=request.args,
        task_kwargs=request.kwargs,
    )
    if exc is not None:
        _raise(exc, too_many)
    raise too_many


def options_for(task: Any, request: Any, again: Again) -> Options:
    """The options of the next message: those of this one, one more try, and what the task said."""
    options: Options = {"ignore_result": request.ignore_result, **request.as_execution_options()}
    options.update(_address(request.delivery_info or {}, again.options))
    options.update({key: value for key, value in again.options.items() if value is not None})
    options["retries"] = request.retries + 1
    options["add_to_parent"] = False
    if options.get("eta") is None and options.get("countdown") is None:
        options["countdown"] = task.default_retry_delay
    return options


def _address(info: Options, wanted: Options) -> Options:
    """Back to where this message came from, unless the task says where to."""
    address: Options = {"priority": info.get("priority")} if info.get("priority") is not None else {}
    key = info.get("routing_key")
    if not key or any(wanted.get(name) is not None for name in ("queue", "exchange", "routing_key")):
        return address
    if info.get("exchange"):
        return {**address, "exchange": info["exchange"], "routing_key": key}
    return {**address, "queue": key}


def _arrange(task: Any, request: Any, next_try: "NextTry") -> None:
    """In a worker the next try goes out together with the end of this one; elsewhere at once."""
    try:
        policy = next_try.options.get("retry_policy")
        post = announcing.before(task.app.conf, task.name, next_try.post(), policy)
        if request.outbox is not None:
            request.outbox.append(post)
        else:
            task.app.publisher.publish((post,), next_try.options)
        announcing.after(task.name, post)
    except Exception as exc:
        raise Reject(exc, requeue=False) from exc


class NextTry:
    """The call that a Retry stands for."""

    def __init__(self, task: Any, args: Any, kwargs: Any, options: Options) -> None:
        request = task.request
        self.task = task
        self.args = tuple(request.args if args is None else args)
        self.kwargs = dict(request.kwargs if kwargs is None else kwargs)
        self.options = options

    def post(self) -> Any:
        """The message."""
        return self.task.app.sender.post(self.task, self.args, self.kwargs, self.options)

    def apply(self, **options: Any) -> Any:
        """Run it here and now."""
        keep = ("task_id", "retries", "headers", "root_id", "parent_id")
        known = {key: self.options[key] for key in keep if self.options.get(key) is not None}
        return self.task.apply(self.args, self.kwargs, **{**known, **options})
