"""celery.utils.collections and .objects: dicts, sets and buffers with habits of their own."""

import heapq
import time
from collections import ChainMap, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import Any

__all__ = ["ChainMap", "OrderedDict"]


def force_mapping(m: Any) -> Any:
    """A mapping of anything: an object's attributes if it is none."""
    return m if isinstance(m, Mapping) else DictAttribute(m)


def lpmerge(L: Any, R: Any) -> Any:  # noqa: N803 - Celery's names
    """L with what R says where it is not None."""
    L.update((key, value) for key, value in R.items() if value is not None)
    return L


class AttributeDictMixin:
    """Keys as attributes."""

    def __getattr__(self, k: str) -> Any:
        try:
            return self[k]  # type: ignore[index]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {k!r}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value


class AttributeDict(dict, AttributeDictMixin):  # type: ignore[type-arg]
    """A dict whose keys are attributes."""


class DictAttribute(MutableMapping):  # type: ignore[type-arg]
    """An object whose attributes are keys."""

    def __init__(self, obj: Any) -> None:
        object.__setattr__(self, "obj", obj)

    def __getitem__(self, key: str) -> Any:
        try:
            return getattr(self.obj, key)
        except AttributeError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self.obj, key, value)

    def __delitem__(self, key: str) -> None:
        delattr(self.obj, key)

    def __iter__(self) -> Iterator[str]:
        return iter(dir(self.obj))

    def __len__(self) -> int:
        return len(dir(self.obj))

    def __getattr__(self, key: str) -> Any:
        return getattr(self.obj, key)

    def __setattr__(self, key: str, value: Any) -> None:
        setattr(self.obj, key, value)


class ConfigurationView(ChainMap, AttributeDictMixin):  # type: ignore[type-arg]
    """Changes over several dicts of defaults, keys as attributes."""

    def __init__(self, changes: Any, defaults: Iterable[Any] = (), keys: Any = None, prefix: str | None = None) -> None:
        object.__setattr__(self, "prefix", prefix)
        object.__setattr__(self, "maps", [force_mapping(changes), *map(force_mapping, defaults)])

    def first(self, *keys: str) -> Any:
        """The first of these that is set."""
        return next((self[key] for key in keys if self.get(key) is not None), None)


class Evictable:
    """What can make room."""

    Empty = IndexError

    def _too_full(self) -> bool:
        raise NotImplementedError

    def _drop_one(self) -> None:
        raise NotImplementedError

    def evict(self) -> None:
        """Make room."""
        while self._too_full():
            self._drop_one()


class LimitedSet(Evictable):
    """A set that forgets its oldest members, by number and by age."""

    def __init__(self, maxlen: int = 0, expires: float = 0, data: Any = None, minlen: int = 0) -> None:
        self.maxlen = maxlen or 0
        self.minlen = minlen or 0
        self.expires = expires or 0
        self._data: dict[Any, float] = {}
        self._heap: list[tuple[float, Any]] = []
        self.update(data or ())

    def add(self, item: Any, now: float | None = None) -> None:
        """Add one, as of now."""
        at = time.monotonic() if now is None else now
        self._data[item] = at
        heapq.heappush(self._heap, (at, item))
        self.purge(at)

    def update(self, other: Any) -> None:
        """Add many."""
        if isinstance(other, LimitedSet):
            other = other._data
        for item in other:
            self.add(item, other[item] if isinstance(other, Mapping) else None)

    def discard(self, item: Any) -> None:
        """Forget one."""
        self._data.pop(item, None)

    pop_value = discard

    def purge(self, now: float | None = None) -> None:
        """Forget what is too old or too many."""
        at = time.monotonic() if now is None else now
        while self._heap:
            since, item = self._heap[0]
            current = self._data.get(item) == since
            many = bool(self.maxlen) and len(self._data) > self.maxlen
            old = bool(self.expires) and since + self.expires < at and len(self._data) > self.minlen
            if current and not many and not old:
                return
            heapq.heappop(self._heap)
            if current:
                del self._data[item]

    def clear(self) -> None:
        """Forget all."""
        self._data.clear()
        self._heap.clear()

    def as_dict(self) -> dict[Any, float]:
        """The members and since when."""
        return dict(self._data)

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(self._data, key=self._data.__getitem__))

    def __len__(self) -> int:
        return len(self._data)

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LimitedSet) and set(self._data) == set(other._data)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<LimitedSet({len(self)}): maxlen={self.maxlen}, expires={self.expires}>"


class Messagebuffer(Evictable):
    """A queue of messages that forgets the oldest."""

    def __init__(self, maxsize: int | None = None, iterable: Any = None, deque: Any = deque) -> None:
        self.maxsize = maxsize
        self.data = deque(iterable or [])
        self._append = self.data.append

    def put(self, item: Any) -> None:
        """Add one."""
        self.data.append(item)
        self.evict()

    def take(self, *default: Any) -> Any:
        """The oldest."""
        try:
            return self.data.popleft()
        except IndexError:
            if default:
                return default[0]
            raise self.Empty from None

    def _too_full(self) -> bool:
        return bool(self.maxsize) and len(self.data) > (self.maxsize or 0)

    def _drop_one(self) -> None:
        self.data.popleft()

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        while self.data:
            yield self.data.popleft()


class BufferMap(OrderedDict, Evictable):  # type: ignore[type-arg]
    """A buffer for each key, and a bound for all together."""

    def __init__(self, maxsize: int, iterable: Any = None, bufmaxsize: int = 1000) -> None:
        super().__init__()
        self.maxsize = maxsize
        self.bufmaxsize = bufmaxsize
        for key, item in iterable or ():
            self.put(key, item)

    def put(self, key: Any, item: Any) -> None:
        """Add one."""
        self.setdefault(key, Messagebuffer(self.bufmaxsize)).put(item)
        self.move_to_end(key)
        self.evict()

    def take(self, key: Any, *default: Any) -> Any:
        """The oldest of this key."""
        buffer = self.get(key)
        if buffer is None:
            if default:
                return default[0]
            raise self.Empty(key)
        return buffer.take(*default)

    @property
    def total(self) -> int:
        """How many there are in all."""
        return sum(map(len, self.values()))

    def _too_full(self) -> bool:
        return self.total > self.maxsize

    def _drop_one(self) -> None:
        next(buffer for buffer in self.values() if buffer).take()


class Bunch:
    """An object with these attributes."""

    def __init__(self, **kwargs: Any) -> None:
        self.__dict__.update(kwargs)


def mro_lookup(cls: type, attr: str, stop: Any = None, monkey_patched: Any = None) -> Any:
    """The first class of the order that defines the attribute itself."""
    stopped = set(stop or ())
    for node in cls.mro():
        if node in stopped:
            found = node.__dict__.get(attr)
            if found is None or found.__module__ in (monkey_patched or ()):
                return None
            return node
        if attr in node.__dict__:
            return node
    return None


class FallbackContext:
    """`with FallbackContext(given, make) as it:` makes one only if none is given, and ends what it made."""

    def __init__(self, provided: Any, fallback: Callable[..., Any], *fb_args: Any, **fb_kwargs: Any) -> None:
        self.provided = provided
        self._make = partial(fallback, *fb_args, **fb_kwargs)
        self._made: Any = None

    def __enter__(self) -> Any:
        if self.provided is not None:
            return self.provided
        self._made = self._make()
        return self._made.__enter__()

    def __exit__(self, *exc_info: Any) -> Any:
        return self._made.__exit__(*exc_info) if self._made is not None else None


class getitem_property:  # noqa: N801 - Celery's name
    """An attribute that is kept under a path of keys of the object."""

    def __init__(self, keypath: str, doc: str | None = None) -> None:
        *self.path, self.key = keypath.split(".")
        self.__doc__ = doc

    def _place(self, obj: Any) -> Any:
        for part in self.path:
            obj = obj[part]
        return obj

    def __get__(self, obj: Any, type: Any = None) -> Any:
        return self if obj is None else self._place(obj).get(self.key)

    def __set__(self, obj: Any, value: Any) -> None:
        self._place(obj)[self.key] = value
