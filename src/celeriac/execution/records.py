"""The records of ends: which are wanted, what is in them, and how long they are kept."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celeriac.core import states
from celeriac.core.clock import Clock
from celeriac.core.errors import TaskRevokedError
from celeriac.core.record import Record
from celeriac.current import Context
from celeriac.wire.results import Extended, Meta, encode, success

from .plan import Plan


class Records:
    """Builds the records of one worker, as its settings say."""

    def __init__(
        self, conf: Mapping[str, Any], hostname: str, clock: Clock, enabled: bool, replies: bool = False
    ) -> None:
        self.enabled = enabled  # False: there is no result store
        self._hostname = hostname
        self._now = clock.now
        self._serializer: str = conf["result_serializer"]
        # results that are sent to their callers are as Celery's are: never compressed
        self._replies = replies
        self._compression: str | None = None if replies else conf["result_compression"]
        self._extended = bool(conf["result_extended"])
        self._plain = self._serializer == "json" and self._compression is None and not self._extended
        self._ttl = seconds(conf["result_expires"])
        failed = conf["result_failure_expires"]
        self._failure_ttl = self._ttl if failed is None else seconds(failed)

    def wanted(self, plan: Plan, request: Context, failure: bool = False) -> bool:
        """What the call says counts; a message that says nothing leaves it to the task."""
        if not self.enabled:
            return False
        ignored = request.ignore_result
        if ignored is None:
            ignored = plan.ignore_result
        return not ignored or (failure and plan.stores_errors)

    def success(self, request: Context, value: Any) -> Record:
        """Raises EncodeError if the value can't be written by the result serializer."""
        if self._plain and request._children is None and request.parent_id is None and request.group is None:
            payload = success(request.id, value, self._now())
            if payload is not None:
                return Record(request.id, states.SUCCESS, payload, "task", self._ttl, self._reply_to(request))
        meta = self._meta(request, states.SUCCESS, value, None)
        payload = encode(meta, self._serializer, self._compression)
        return Record(meta.id, states.SUCCESS, payload, "task", self._ttl, self._reply_to(request))

    def failure(self, request: Context, state: str, exc: BaseException, traceback: str | None) -> Record:
        """Of FAILURE, RETRY or REVOKED. Never fails because of what the task had as arguments or children."""
        ttl = self._failure_ttl if state == states.FAILURE else self._ttl
        try:
            payload = encode(self._meta(request, state, exc, traceback), self._serializer, self._compression)
        except Exception:  # noqa: BLE001 - a failure must be stored whatever is wrong with its trimmings
            meta = Meta(request.id, state, exc, traceback, now=self._now())
            payload = encode(meta, self._serializer, self._compression)
        return Record(request.id, state, payload, "task", ttl, self._reply_to(request))

    def revoked(self, id: str) -> Record:
        """REVOKED, for a task of which nothing else is known."""
        meta = Meta(id, states.REVOKED, TaskRevokedError("revoked"), children=None, now=self._now())
        return Record(id, states.REVOKED, encode(meta, self._serializer, self._compression), "task", self._ttl)

    def _reply_to(self, request: Context) -> str | None:
        return request.reply_to if self._replies else None

    def _meta(self, request: Context, state: str, value: Any, traceback: str | None) -> Meta:
        sent = request._children
        return Meta(
            request.id,
            state,
            value,
            traceback,
            [child.as_tuple() for child in sent] if sent else (),
            self._now(),
            request.group,
            request.parent_id,
            extension(request, self._hostname) if self._extended else None,
        )


def extension(request: Context, hostname: str | None) -> Extended:
    """What result_extended adds."""
    return Extended(
        name=request.get("task"),
        args=request.args,
        kwargs=request.kwargs,
        worker=hostname,
        retries=request.retries,
        queue=(request.delivery_info or {}).get("routing_key"),
        stamped_headers=request.stamped_headers,
        stamps=request.stamps,
    )


def seconds(value: Any) -> float | None:
    """A duration setting as seconds; None and 0 mean for ever."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return float(value) if value else None
