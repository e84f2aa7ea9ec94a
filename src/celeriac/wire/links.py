"""The rest of a long chain, as it travels: only the links that somebody looks at are read, and written anew."""

from collections.abc import Iterable, MutableSequence
from typing import Any, Final

import msgspec

from . import json

# Below this a list is as quick.
LONG: Final = 16

_read: Final = msgspec.json.Decoder().decode


class Links(MutableSequence[Any]):
    """A list of signatures as dicts. Those that nobody has looked at are the bytes they arrived as."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items = list(items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Links(self._items[place])
        item = self._items[place]
        if type(item) is msgspec.Raw:
            item = self._items[place] = _read(item)  # kept: whoever has it may change it
        return item

    def __setitem__(self, place: Any, value: Any) -> None:
        self._items[place] = value

    def __delitem__(self, place: Any) -> None:
        del self._items[place]

    def insert(self, index: int, value: Any) -> None:
        """As a list does it."""
        self._items.insert(index, value)

    def written(self) -> bytes:
        """The list in JSON."""
        return b"[" + b", ".join(bytes(i) if type(i) is msgspec.Raw else json.dumps(i) for i in self._items) + b"]"

    def __json__(self) -> list[Any]:
        return list(self)

    def __add__(self, other: Iterable[Any]) -> "Links":
        return Links([*self._items, *other])

    def __radd__(self, other: Iterable[Any]) -> "Links":
        return Links([*other, *self._items])

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Links | list | tuple) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

    def __repr__(self) -> str:
        return repr(list(self))


def chain_from(raws: list[msgspec.Raw] | None) -> Any:
    """The chain of a message, from its links' bytes."""
    if not raws:
        return raws
    return Links(raws) if len(raws) >= LONG else [_read(raw) for raw in raws]
