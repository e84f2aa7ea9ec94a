"""Announcing: the signals before and after a message is published, where anybody listens."""

from typing import Any

import msgspec

from celeriac.core.message import Post
from celeriac.core.signals import after_task_publish, before_task_publish
from celeriac.wire import protocol2
from celeriac.wire.body import written


def before(conf: Any, name: str, post: Post, retry_policy: Any = None) -> Post:
    """Send before_task_publish; receivers may change headers, properties and body in place."""
    if not before_task_publish.has_listeners:
        return post
    message = post.message
    body = list(_body(post))
    before_task_publish.send(
        sender=name,
        body=body,
        exchange=post.route.exchange,
        routing_key=post.route.routing_key,
        headers=message.headers,
        properties=message.properties,
        declare=[post.route.queue] if post.route.queue is not None else [],
        retry_policy=retry_policy or (conf.task_publish_retry_policy if conf.task_publish_retry else None),
    )
    if message.headers.get("task") is None:  # protocol 1: the body is one document, and stays as it is
        return post
    serializer = message.content_type.rpartition("/")[2].removeprefix("x-").replace("python-serialize", "pickle")
    compressed = message.headers.get("compression")
    content_type, encoding, data, packed = written(tuple(body), serializer, compressed)
    if packed is not None:
        message.headers["compression"] = packed
    changed = msgspec.structs.replace(
        message, body=data, content_type=content_type, content_encoding=encoding, plain=False
    )
    return msgspec.structs.replace(post, message=changed)


def after(name: str, post: Post) -> None:
    """Send after_task_publish."""
    if after_task_publish.has_listeners:
        after_task_publish.send(
            sender=name,
            body=_body(post),
            headers=post.message.headers,
            exchange=post.route.exchange,
            routing_key=post.route.routing_key,
        )


def _body(post: Post) -> tuple[Any, Any, Any]:
    """The arguments as receivers know them: (args, kwargs, embed)."""
    # Whatever we have just written may be read: this is no message from elsewhere.
    parsed = protocol2.parse(post.message, frozenset({post.message.content_type}))
    return tuple(parsed.args), parsed.kwargs, msgspec.structs.asdict(parsed.embed)
