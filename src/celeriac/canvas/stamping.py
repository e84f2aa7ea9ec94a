"""Stamping: headers put on every task of a workflow, by name and value or by a visitor that looks at each."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Self, cast

from .kinds import CHAIN, CHORD, GROUP, Options, Walk, kind_of, listed, walk

Headers = dict[str, Any]


class StampingVisitor(ABC):
    """Says what to stamp on each signature of a workflow. Its methods return headers.

    Where they name `stamped_headers`, only those are stamps, and the rest are options of the call.
    """

    @abstractmethod
    def on_signature(self, sig: Any, **headers: Any) -> Headers:
        """Of each single task."""

    def on_group_start(self, sig: Any, **headers: Any) -> Headers | None:
        """For all tasks of a group."""
        return {}

    def on_group_end(self, sig: Any, **headers: Any) -> None:  # noqa: B027 - to be overridden where wanted
        """All tasks of the group have been visited."""

    def on_chain_start(self, sig: Any, **headers: Any) -> Headers | None:
        """For all tasks of a chain."""
        return {}

    def on_chain_end(self, sig: Any, **headers: Any) -> None:  # noqa: B027 - to be overridden where wanted
        """All tasks of the chain have been visited."""

    def on_chord_header_start(self, sig: Any, **headers: Any) -> Headers | None:
        """For all tasks of a chord's header."""
        return {}

    def on_chord_header_end(self, sig: Any, **headers: Any) -> None:  # noqa: B027 - to be overridden where wanted
        """All tasks of the header have been visited."""

    def on_chord_body(self, sig: Any, **headers: Any) -> Headers | None:
        """For a chord's body."""
        return {}

    def on_callback(self, sig: Any, **headers: Any) -> Headers | None:
        """For a callback."""
        return {}

    def on_errback(self, sig: Any, **headers: Any) -> Headers | None:
        """For an errback."""
        return {}


class Stamping:
    """The part of a signature that stamps."""

    def stamp(self, visitor: StampingVisitor | None = None, append_stamps: bool = False, **headers: Any) -> Self:
        """Put headers on every task of it, callbacks and errbacks too: sig.stamp(customer="c1")."""
        walk(_Stamps(visitor, append_stamps).stamp(self, headers))
        return self

    def stamp_links(self, visitor: StampingVisitor | None, append_stamps: bool = False, **headers: Any) -> None:
        """The same for its callbacks and errbacks alone."""
        walk(_Stamps(visitor, append_stamps).links(cast(Any, self), headers))


class _Stamps:
    """One stamping of one workflow; works on signatures, in place."""

    def __init__(self, visitor: StampingVisitor | None, append: bool) -> None:
        self._visitor = visitor
        self._append = append

    def stamp(self, sig: Any, headers: Headers) -> Walk:
        kind = kind_of(sig)
        if kind == CHORD:
            yield self._chord(sig, headers)
        elif kind in (CHAIN, GROUP):
            yield self._tasks(sig, kind, headers)
        else:
            yield self._task(sig, headers)

    def _task(self, sig: Any, headers: Headers) -> Walk:
        seen = _named(headers)
        stamps = dict(headers)
        if self._visitor is not None:
            said = self._visitor.on_signature(sig, **seen) or {}
            names = [*_names(said), *_names(headers)]
            stamps = {**said, **headers, "stamped_headers": names}
        self._put(sig, stamps)
        yield self.links(sig, stamps)

    def _put(self, sig: Any, stamps: Headers) -> None:
        """What the task has been stamped with before stays, if this says nothing of it."""
        options: Options = sig["options"]
        before = listed(options.get("stamped_headers"))
        names = _unique([*_names(stamps), *before])
        new = {key: value for key, value in stamps.items() if key != "stamped_headers"}
        if self._append:
            for name in before:
                if name in new:
                    new[name] = _unique([*listed(new[name]), *listed(options.get(name))])
        if names or new:
            options.update(new, stamped_headers=names)

    def links(self, sig: Any, headers: Headers) -> Walk:
        """Callbacks and errbacks."""
        for option, hook in (("link", "on_callback"), ("link_error", "on_errback")):
            found = listed(sig["options"].get(option))
            if not found:
                continue
            found = [_signature_like(sig, one) for one in found]
            sig["options"][option] = found
            for one in found:
                yield self.stamp(one, self._with(hook, one, headers))

    def _tasks(self, sig: Any, kind: str, headers: Headers) -> Walk:
        name = "group" if kind == GROUP else "chain"
        inner = self._with(f"on_{name}_start", sig, headers)
        yield self.links(sig, inner)
        for task in sig.tasks:
            yield self.stamp(task, inner)
        self._tell(f"on_{name}_end", sig, inner)

    def _chord(self, sig: Any, headers: Headers) -> Walk:
        inner = self._with("on_chord_header_start", sig, headers)
        yield self.links(sig, headers)
        for task in sig.tasks:
            yield self.stamp(task, inner)
        self._tell("on_chord_header_end", sig, inner)
        # Plain headers stay with the header, as in Celery; a visitor is asked about the body.
        if self._visitor is not None and sig.body is not None:
            yield self.stamp(sig.body, self._with("on_chord_body", sig, headers))

    def _with(self, hook: str, sig: Any, headers: Headers) -> Headers:
        """The headers, and those that the visitor gives for what is inside."""
        if self._visitor is None:
            return headers
        said = getattr(self._visitor, hook)(sig, **_named(headers)) or {}
        if not said:
            return headers
        names = _unique([*_names(headers), *_names(said)])
        return {**headers, **said, "stamped_headers": names}

    def _tell(self, hook: str, sig: Any, headers: Headers) -> None:
        if self._visitor is not None:
            getattr(self._visitor, hook)(sig, **_named(headers))


def _names(headers: Headers) -> list[str]:
    """Which of these headers are stamps."""
    said = headers.get("stamped_headers")
    return list(said) if said is not None else list(headers)


def _named(headers: Headers) -> Headers:
    return {**headers, "stamped_headers": _names(headers)} if headers else headers


def _unique(items: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def _signature_like(sig: Any, one: Any) -> Any:
    """A link that came from the wire is a dict: only signatures can be stamped in place."""
    return one if isinstance(one, Stamping) else type(sig).from_dict(one, app=sig._app)
