"""Sending: from a task or a name, arguments and options to a message with an address."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

import msgspec

from celeriac.core.ids import uuid
from celeriac.core.message import Post, Route
from celeriac.current import get_current_worker_task
from celeriac.wire import protocol1, protocol2
from celeriac.wire.plain import is_plain
from celeriac.wire.prepared import NOBODY, ChordTails, Lineage, Prepared, Written

from .options import call_from

Options = dict[str, Any]

# The attributes of a task that are options of each of its calls.
EXEC_OPTIONS: Final = (
    "queue",
    "routing_key",
    "exchange",
    "priority",
    "expires",
    "serializer",
    "delivery_mode",
    "compression",
    "time_limit",
    "soft_time_limit",
    "immediate",
    "mandatory",
    "ignore_result",
)
_said_by = attrgetter(*EXEC_OPTIONS)


# What a template can hold: the rest depends on the time of the call, or is one call's own.
_LASTING: Final = frozenset({*EXEC_OPTIONS, "exchange_type", "headers", "shadow"}) - {"expires"}


# All that the members of a group, and what beat sends, need to say of their own.
_MEMBERS: Final = frozenset(
    ("task_id", "reply_to", "group_id", "group_index", "chord", "root_id", "parent_id", "headers")
)


class Template(msgspec.Struct, frozen=True):
    """What all calls of one task without options of their own have in common."""

    version: int
    said: tuple[Any, ...]  # the task's attributes when this was made
    route: Route
    priority: int | None
    prepared: Prepared


class Sender:
    """Makes posts for one app."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._templates: dict[str, Template] = {}

    def post(self, task: Any, args: Any, kwargs: Any, options: Options) -> Post:
        """The post of one call of a task."""
        if not options:
            template = self.template(task)
            if template is not None:
                return self.filled(template, args, kwargs)
        shadow = task.shadow_name(args, kwargs, options)
        if shadow is not None and not options.get("shadow"):
            options = {**options, "shadow": shadow}
        return self.general(task.name, args, kwargs, {**said_by(task), **options}, task)

    def many(self) -> Callable[[Any, Any, Any, Options], Post]:
        """`post` for many calls at once: whether a task's template still holds is asked for the first of its calls."""
        known: dict[int, tuple[Any, Template | None]] = {}  # by id; the tasks are kept, so that these stay theirs

        chords = ChordTails()

        def post(task: Any, args: Any, kwargs: Any, options: Options) -> Post:
            if options and not options.keys() <= _MEMBERS:
                return self.post(task, args, kwargs, options)
            found = known.get(id(task))
            if found is None:
                found = known[id(task)] = (task, self.template(task))
            template = found[1]
            if template is None or (options and not _fits(template.prepared, options)):
                return self.post(task, args, kwargs, options)
            if options:
                return self.member(template, (args, kwargs), options, chords)
            return self.filled(template, args, kwargs)

        return post

    def template(self, task: Any) -> Template | None:
        """The task's template, if its calls have enough in common to have one."""
        version = self._app.amqp.refresh()
        said = _said_by(task)
        found = self._templates.get(task.name)
        if found is not None and found.version == version and found.said == said:
            return found
        return self._new_template(task, said)

    def _new_template(self, task: Any, said: tuple[Any, ...]) -> Template | None:
        router = self._app.amqp.router
        shadows = getattr(type(task).shadow_name, "__qualname__", "") != "Task.shadow_name"
        if not router.static or shadows or self._app.conf.task_protocol == 1:
            return None
        options = router.route(said_by(task), task.name, task_type=task)
        if any(key not in _LASTING and value is not None for key, value in options.items()):
            return None
        call, _ = call_from(self._app, task.name, "", (), {}, options)
        made = self._templates[task.name] = Template(
            self._app.amqp.refresh(), said, router.destination(options), call.priority, Prepared(call)
        )
        return made

    def filled(self, template: Template, args: Any, kwargs: Any) -> Post:
        """The post of a call without options."""
        lineage = self._lineage()
        message = template.prepared.message(uuid(), args, kwargs, self._app.identity.here, lineage)
        priority = lineage.priority if template.priority is None else template.priority
        return Post(message, template.route, priority)

    def member(self, template: Template, call: tuple[Any, Any], options: Options, chords: ChordTails) -> Post:
        """The post of a call that says nothing but its place in a workflow."""
        lineage = self._lineage()
        root, parent = options.get("root_id"), options.get("parent_id")
        if root is not None or parent is not None:
            lineage = Lineage(root or lineage.root_id, parent or lineage.parent_id, lineage.priority)
        origin, reply_to = self._app.identity.here
        sender = (origin, options.get("reply_to") or reply_to)
        message = template.prepared.message(options.get("task_id") or uuid(), *call, sender, lineage)
        message.headers["group"] = options.get("group_id")
        message.headers["group_index"] = options.get("group_index")
        message.headers.update(options.get("headers") or ())
        chord = options.get("chord")
        if chord:
            message = msgspec.structs.replace(message, body=chords.put_on(message.body, chord))
        priority = lineage.priority if template.priority is None else template.priority
        return Post(message, template.route, priority)

    def repeated(self, template: Template, id: str, written: Written) -> Post:
        """The post of one more call with arguments that were written before."""
        message = template.prepared.repeated(id, written, self._app.identity.here)
        return Post(message, template.route, template.priority)

    def general(self, name: str, args: Any, kwargs: Any, options: Options, task: Any = None) -> Post:
        """The post of any call."""
        amqp = self._app.amqp
        options = amqp.router.route(options, name, args, kwargs, task)
        origin, reply_to = self._app.identity.here
        known = {"reply_to": reply_to, "origin": origin, **self._lineage()._asdict()}
        options = {**options, **{key: value for key, value in known.items() if options.get(key) is None}}
        call, due = call_from(self._app, name, options.get("task_id") or uuid(), args, kwargs, options)
        protocol = protocol1 if self._app.conf.task_protocol == 1 else protocol2
        return Post(protocol.build(call), amqp.router.destination(options), call.priority, due)

    def _lineage(self) -> Lineage:
        """Root, parent and inherited priority, from the task that a worker runs here."""
        parent = get_current_worker_task()
        if parent is None:
            return NOBODY
        request = parent.request
        priority = None
        if self._app.conf.task_inherit_parent_priority:
            priority = (request.delivery_info or {}).get("priority")
        return Lineage(request.root_id or request.id, request.id, priority)


def _fits(prepared: Prepared, options: Options) -> bool:
    """True if it can be a member with headers of its own; those of a route would be replaced by them."""
    headers = options.get("headers")
    return prepared.as_json and (not headers or (not prepared.has_headers and is_plain(headers)))


def said_by(task: Any) -> Options:
    """The options that the task's attributes give to each of its calls."""
    return {name: value for name, value in zip(EXEC_OPTIONS, _said_by(task), strict=True) if value is not None}
