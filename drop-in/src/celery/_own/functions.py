"""celery.utils.functional: small functions around functions and lists."""

import inspect
import threading
from collections import OrderedDict, UserDict, UserList
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import chain, islice
from typing import Any


class LRUCache(UserDict[Any, Any]):
    """A dict that forgets what was not used for longest."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.mutex = threading.RLock()
        self.data: OrderedDict[Any, Any] = OrderedDict()

    def __getitem__(self, key: Any) -> Any:
        with self.mutex:
            self.data.move_to_end(key)
            return self.data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        with self.mutex:
            self.data[key] = value
            self.data.move_to_end(key)
            while self.limit and len(self.data) > self.limit:
                self.data.popitem(last=False)

    def incr(self, key: Any, delta: int = 1) -> int:
        """Add to a counter that is there."""
        with self.mutex:
            self.data[key] = value = int(self.data[key]) + delta
            return value


def memoize(maxsize: int | None = None, keyfun: Any = None, Cache: Any = LRUCache) -> Any:  # noqa: N803
    """A decorator that remembers what a function returned."""

    def decorate(fun: Callable[..., Any]) -> Any:
        cache = Cache(limit=maxsize)

        @wraps(fun)
        def remembering(*args: Any, **kwargs: Any) -> Any:
            key = keyfun(args, kwargs) if keyfun else (args, tuple(sorted(kwargs.items())))
            try:
                value = cache[key]
            except KeyError:
                value = cache[key] = fun(*args, **kwargs)
                remembered.misses += 1
            else:
                remembered.hits += 1
            return value

        remembered: Any = remembering  # it has attributes
        remembered.hits = remembered.misses = 0
        remembered.clear = cache.clear
        remembered.original_func = fun
        return remembered

    return decorate


class lazy:  # noqa: N801 - Celery's name
    """A call that is made when it is evaluated."""

    def __init__(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._fun = fun
        self._args = args
        self._kwargs = kwargs

    def __call__(self) -> Any:
        return self.evaluate()

    def evaluate(self) -> Any:
        """Make the call."""
        return self._fun(*self._args, **self._kwargs)

    def __str__(self) -> str:
        return str(self())

    def __eq__(self, other: object) -> bool:
        return bool(self() == other)

    __hash__ = None  # type: ignore[assignment]


class mlazy(lazy):  # noqa: N801 - Celery's name
    """A call that is made once."""

    evaluated = False
    _value: Any = None

    def evaluate(self) -> Any:
        """Make the call, if it was not made."""
        if not self.evaluated:
            self._value = super().evaluate()
            self.evaluated = True
        return self._value


def maybe_evaluate(value: Any) -> Any:
    """What a lazy call gives, or the value itself."""
    return value.evaluate() if isinstance(value, lazy) else value


def is_list(obj: Any, scalars: Any = (Mapping, str), iters: Any = (Iterable,)) -> bool:
    """True for what can be iterated and is no text and no mapping."""
    return isinstance(obj, iters) and not isinstance(obj, scalars or ())


def maybe_list(obj: Any, scalars: Any = (Mapping, str)) -> Any:
    """A list of one, unless it is a list; None stays None."""
    return obj if obj is None or is_list(obj, scalars) else [obj]


def dictfilter(d: Any = None, **kw: Any) -> dict[Any, Any]:
    """Without the keys whose value is None."""
    given = kw if d is None else {**d, **kw}
    return {key: value for key, value in given.items() if value is not None}


def noop(*args: Any, **kwargs: Any) -> None:
    """Do nothing."""


def maybe(typ: Callable[[Any], Any], value: Any) -> Any:
    """Converted, unless it is None."""
    return typ(value) if value is not None else value


def first(predicate: Callable[[Any], Any] | None, it: Iterable[Any]) -> Any:
    """The first for which it is true; without a predicate, the first that is not None."""
    wanted = predicate or (lambda value: value is not None)
    return next((value for value in it if wanted(value)), None)


def firstmethod(method: str, on_call: Any = None) -> Callable[..., Any]:
    """A function that calls this method of each object until one returns something."""

    def call(it: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        for obj in it:
            found = getattr(maybe_evaluate(obj), method)
            answer = on_call(found, *args, **kwargs) if on_call else found(*args, **kwargs)
            if answer is not None:
                return answer
        return None

    return call


def chunks(it: Iterator[Any], n: int) -> Iterator[list[Any]]:
    """Lists of n."""
    for item in it:
        yield [item, *islice(it, n - 1)]


def padlist(container: Sequence[Any], size: int, default: Any = None) -> list[Any]:
    """Exactly so many."""
    return list(container)[:size] + [default] * (size - len(container))


def mattrgetter(*attrs: str) -> Callable[[Any], dict[str, Any]]:
    """A function that gives these attributes as a dict."""
    return lambda obj: {attr: getattr(obj, attr, None) for attr in attrs}


def uniq(it: Iterable[Any]) -> Iterator[Any]:
    """Each once."""
    return iter(dict.fromkeys(it))


def lookahead(it: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Each with the next one."""
    items = iter(it)
    last = next(items, None)
    for item in chain(items, [None]):
        yield last, item
        last = item


class regen(UserList[Any]):  # noqa: N801 - Celery's name
    """A generator that can be iterated again."""

    def __new__(cls, it: Any) -> Any:
        return it if isinstance(it, list | tuple) else super().__new__(cls)

    def __init__(self, it: Any) -> None:
        super().__init__()
        self._rest = iter(it)

    @property
    def data(self) -> list[Any]:
        """All there is."""
        self._seen.extend(self._rest)
        return self._seen

    @data.setter
    def data(self, value: list[Any]) -> None:
        self._seen = list(value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)


def head_from_fun(fun: Callable[..., Any], bound: bool = False) -> Callable[..., None]:
    """A function that takes what `fun` takes, and does nothing."""
    from celeriac.app.checking import checker

    return checker(fun, bound)


def fun_accepts_kwargs(fun: Callable[..., Any]) -> bool:
    """True if it takes any keyword."""
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in inspect.signature(fun).parameters.values())


def seq_concat_item(seq: Any, item: Any) -> Any:
    """A tuple or list with one more."""
    return (*seq, item) if isinstance(seq, tuple) else [*seq, item]


def seq_concat_seq(a: Any, b: Any) -> Any:
    """Two tuples or lists as one, of the first one's kind."""
    return type(a)([*a, *b])
