"""From settlements to the one script call that ends them; no I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from ...core.delivery import Action, Settlement
from ...core.join import Sequel
from ...core.record import Record
from ...core.states import SUCCESS
from .packing import Argument, Command
from .scripts import SETTLE

if TYPE_CHECKING:
    from .broker import RedisBroker


class Place(msgspec.Struct, frozen=True):
    """Where results go that are stored together with a settlement."""

    home_db: int  # the broker's database
    results_db: int
    prefix: str  # before `celery-task-meta-`


def milliseconds(ttl: float | None) -> int:
    """A ttl in milliseconds, 0 for ever; never 0 by rounding."""
    return math.ceil(ttl * 1000) if ttl else 0


def lifetime(record: Record) -> Argument:
    """A record's ttl as the scripts read it: in milliseconds, and an `s` where only we know that it is a success."""
    ttl = milliseconds(record.ttl)
    return f"{ttl}s" if record.payload[:1] == b"\x00" and record.state == SUCCESS else ttl


def settle_command(
    broker: RedisBroker, owner: str, chunk: Sequence[Settlement], bound: dict[str, Sequence[bytes]]
) -> Command:
    place = broker.place
    own = owner + "."
    prefix = place.prefix
    tags: list[Argument] = []
    records: list[Argument] = []
    steps: list[Argument] = []
    joins: list[Argument] = []
    requeued: list[tuple[Argument, ...]] = []
    for number, settlement in enumerate(chunk, 1):
        tag = settlement.delivery.tag
        # A tag that is nobody's stands for a claim of somebody else: the script finds it lost.
        tags.append(tag if tag.startswith(own) else "")
        record = settlement.record
        if record is not None and broker.apart is None:
            records += (number, record_key(prefix, record.kind, record.id), lifetime(record), record.payload)
        for post in settlement.posts:
            for step in broker.steps(post, bound):
                steps += (number, *step)
        if settlement.sequels:
            for sequel in settlement.sequels:
                _follow(broker, (number, sequel), (joins, records, steps), bound)
        if settlement.action is Action.REQUEUE:
            requeued.append(_requeue(broker, number, settlement))
        elif settlement.action is not Action.ACK:
            steps += _keep(broker, number, settlement)
    for back in reversed(requeued):
        steps += back
    counts = (len(tags), len(records) // 4, place.home_db, place.results_db, len(joins) // 5)
    return ("EVALSHA", SETTLE, 4, *broker.settle_keys, *counts, *tags, *joins, *records, *steps)


def _follow(
    broker: RedisBroker,
    numbered: tuple[int, Sequel],
    lists: tuple[list[Argument], list[Argument], list[Argument]],
    bound: dict[str, Sequence[bytes]],
) -> None:
    """Steps that happen only if the sequel's join is open carry a label that the closing of it decides about."""
    number, sequel = numbered
    joins, records, steps = lists
    prefix = broker.place.prefix
    label: Argument = number
    if sequel.group:
        label = f"CLOSE{len(joins)}"
        joins += (number, label, join_name(prefix, sequel.group), sequel.owner, int(sequel.foreign))
    for join in sequel.opens:
        joins += (label, "OPEN", join_name(prefix, join.group), join.size, milliseconds(join.ttl))
    for join in sequel.grows:
        joins += (label, "GROW", join_name(prefix, join.group), join.size, 0)
    for piece in sequel.drops:
        joins += (label, "DROP", record_key(prefix, "chain", piece), 0, 0)
    for record in sequel.records:
        records += (label, record_key(prefix, record.kind, record.id), lifetime(record), record.payload)
    for post in sequel.posts:
        for step in broker.steps(post, bound):
            steps += (label, *step)


def join_name(prefix: str, group: str) -> str:
    """What the keys of a join begin with."""
    return f"{prefix}celery-taskset-meta-{group}"


def record_key(prefix: str, kind: str, id: str) -> str:
    if kind == "chain":  # nothing of Celery's
        return f"{prefix}celeriac.chain.{id}"
    return f"{prefix}celery-task-meta-{id}" if kind == "task" else f"{prefix}celery-taskset-meta-{id}"


def mark_of(key: str) -> str:
    """Beside a compressed result: it is a success (as the script of the same name has it)."""
    return f"{key}.success" if re.search(r"\{[^}]+\}", key) else f"{{{key}}}.success"


def _requeue(broker: RedisBroker, number: int, settlement: Settlement) -> tuple[Argument, ...]:
    raw = settlement.raw or settlement.delivery.raw
    return (number, "RPUSH", broker.list_of(settlement.delivery.queue, raw), raw, "")


def _keep(broker: RedisBroker, number: int, settlement: Settlement) -> tuple[Argument, ...]:
    """The message goes on waiting, until it is due or until somebody looks at the dead letters."""
    raw = settlement.raw or settlement.delivery.raw
    queue = settlement.delivery.queue
    if settlement.action is Action.DEFER:
        return (number, *broker.wait(queue, settlement.due or 0.0, settlement.delivery.tag, raw))
    return (number, "DEAD", settlement.delivery.tag, letter(queue, settlement.reason, raw), "")


def letter(queue: str, reason: str, raw: bytes) -> bytes:
    """A dead letter as it lies in its hash."""
    return msgspec.msgpack.encode((queue, reason, raw))
