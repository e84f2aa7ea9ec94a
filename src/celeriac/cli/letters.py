"""Reads dead letters: page by page from the store, and from raw bytes to what people want to know."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from celeriac.core.delivery import DeadLetter
from celeriac.core.errors import DecodeError
from celeriac.core.ports import DeadLetters, Transport
from celeriac.wire import envelope

from .printing import moment, printable, printable_lines
from .reaching import perform

_PAGE: Final = 200


def all_letters(transport: Transport, store: DeadLetters) -> Iterator[DeadLetter]:
    """The oldest first, a page at a time."""
    after = ""
    while page := perform(transport, store.letters(_PAGE, after)):
        yield from page
        after = page[-1].id


class Summary(msgspec.Struct, frozen=True):
    """A letter in one line."""

    id: str
    died_at: float
    queue: str
    task: str
    task_id: str
    reason: str


def summary(letter: DeadLetter) -> Summary:
    """What can be told although the message may be damaged."""
    try:
        head = envelope.peek(letter.raw)
        task, task_id = head.task, head.id
    except DecodeError:
        task, task_id = "?", "?"
    return Summary(letter.id, letter.died_at, letter.queue, task, task_id, letter.reason)


def details(letter: DeadLetter) -> str:
    """Everything: reason, headers, properties, body, or the raw bytes where they can't be decoded."""
    facts: dict[str, Any] = {
        "letter": letter.id,
        "queue": letter.queue,
        "died": moment(letter.died_at),
        "reason": letter.reason,
    }
    lines = [f"{name + ':':<8} {printable(value)}" for name, value in facts.items()]
    try:
        message = envelope.decode(letter.raw)
    except DecodeError as exc:
        return "\n".join([*lines, f"error:   {printable(exc)}", "raw:", f"  {letter.raw!r}"])
    for name, fields in (("headers", message.headers), ("properties", message.properties)):
        lines += [f"{name}:", *(f"  {printable(key)}: {printable(repr(value))}" for key, value in fields.items())]
    lines += [f"body ({message.content_type}, {message.content_encoding}):", f"  {_body(message.body)}"]
    return "\n".join(lines)


def _body(body: bytes) -> str:
    try:
        return printable_lines(body.decode())
    except UnicodeDecodeError:
        return repr(body)
