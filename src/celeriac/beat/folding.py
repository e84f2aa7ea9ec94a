"""What a journal of the book says: its entries as bytes, and all of them folded into the book as it stands."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from celeriac.core.ids import uuid
from celeriac.core.ports.plans import Change, Firing, Mark, Plan, changed

_PART: Final = 500  # entries of the book in one of the journal


class Page(msgspec.Struct, frozen=True, tag="page"):
    """A part of the whole book as it stood once; all parts of one generation are written in one step."""

    generation: int
    part: int
    parts: int
    revision: int
    plans: tuple[Plan, ...]
    seen: tuple[str, ...] = ()  # the changes that are in it


class Changes(msgspec.Struct, frozen=True, tag="changes"):
    """What somebody has changed."""

    id: str
    changes: tuple[Change, ...]


class Ticks(msgspec.Struct, frozen=True, tag="ticks"):
    """What the leader has sent: the entry, the mark before (its `last`), the mark after."""

    ticks: tuple[tuple[str, int, Mark], ...]


class Folded(msgspec.Struct):
    """The book, and what is to be known to write it anew."""

    plans: dict[str, Plan] = {}
    revision: int = 0
    generation: int = 0
    seen: list[str] = []
    unreadable: list[str] = []  # why


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Page | Changes | Ticks)


def ticks(firings: Iterable[Firing]) -> bytes:
    return _encoder.encode(Ticks(tuple((one.name, one.after, one.mark) for one in firings)))


def changes(made: Sequence[Change]) -> bytes:
    return _encoder.encode(Changes(uuid(), tuple(made)))


def pages(book: Folded) -> list[bytes]:
    """The whole book, to take the place of the entries that it was folded from."""
    plans = list(book.plans.values())
    starts = range(0, len(plans), _PART) or (0,)
    generation = book.generation + 1
    return [
        _encoder.encode(
            Page(
                *(generation, part, len(starts), book.revision),
                tuple(plans[start : start + _PART]),
                () if part else tuple(book.seen),
            )
        )
        for part, start in enumerate(starts)
    ]


def folded(entries: Iterable[bytes]) -> Folded:
    """The pages first, wherever they lie: what was written while they were has its place before or after them."""
    book = Folded()
    whole: dict[int, dict[int, Page]] = {}
    others: list[Changes | Ticks] = []
    for data in entries:
        try:
            entry = _decoder.decode(data)
        except msgspec.MsgspecError as error:
            book.unreadable.append(str(error))
            continue
        if isinstance(entry, Page):
            whole.setdefault(entry.generation, {})[entry.part] = entry
        else:
            others.append(entry)
    known = _begin(book, whole)
    for one in others:
        if isinstance(one, Ticks):
            _tick(book.plans, one)
            continue
        book.seen.append(one.id)
        if one.id not in known:
            _change(book, one)
    return book


def _begin(book: Folded, whole: Mapping[int, Mapping[int, Page]]) -> frozenset[str]:
    """From the last generation that is complete; returns the changes that are in it."""
    complete = [parts for _, parts in sorted(whole.items()) if all(len(parts) == page.parts for page in parts.values())]
    book.generation = max(whole, default=0)
    if not complete:
        return frozenset()
    last = complete[-1].values()
    book.revision = max(page.revision for page in last)
    book.plans.update((plan.name, plan) for page in last for plan in page.plans)
    return frozenset(id for page in last for id in page.seen)


def _tick(plans: dict[str, Plan], entry: Ticks) -> None:
    for name, after, mark in entry.ticks:
        plan = plans.get(name)
        if plan is not None and plan.mark is not None and plan.mark.last == after:
            plans[name] = msgspec.structs.replace(plan, mark=mark)


def _change(book: Folded, entry: Changes) -> None:
    book.revision += 1
    for change in entry.changes:
        plan = changed(book.plans.get(change.name), change)
        if plan is None:
            book.plans.pop(change.name, None)
        else:
            book.plans[change.name] = plan
