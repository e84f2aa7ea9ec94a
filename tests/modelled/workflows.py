"""Workflows as hypothesis makes them, how they are built, and what they must come to."""

from typing import Any

from hypothesis import strategies as st

from celeriac import Celeriac, chain, chord, group

# A workflow is (kind, ...): ("say", word, immutable), ("fail", word), or one of the three with members.
# Groups have two members or more, for a group of one counts as its only task in some places.
Workflow = tuple[Any, ...]

_words = st.text("abcxyz", min_size=1, max_size=3)
_says = st.tuples(st.just("say"), _words, st.sampled_from((False, False, False, True)))
_fails = st.tuples(st.just("fail"), _words)


def _compound(parts: st.SearchStrategy[Workflow]) -> st.SearchStrategy[Workflow]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.tuples(st.just("chain"), several),
        st.tuples(st.just("or"), parts, parts),
        st.tuples(st.just("group"), several),
        st.tuples(st.just("chord"), several, parts),
    )


good = st.recursive(_says, _compound, max_leaves=9)
any_end = st.recursive(st.one_of(_says, _says, _says, _fails), _compound, max_leaves=9)


class Failed(Exception):
    """The workflow must fail."""


def register(app: Celeriac) -> None:
    """The tasks that workflows are made of."""

    @app.task(name="say")
    def say(*args: Any, word: str) -> list[Any]:
        return [word, *args]

    @app.task(name="fail")
    def fail(*args: Any, word: str) -> None:
        raise ValueError(word)


def built(app: Celeriac, flow: Workflow) -> Any:
    """The signature."""
    match flow:
        case ("say", word, immutable):
            task = app.tasks["say"]
            return task.si(word=word) if immutable else task.s(word=word)
        case ("fail", word):
            return app.tasks["fail"].s(word=word)
        case ("chain", members):
            return chain(*[built(app, one) for one in members])
        case ("or", left, right):
            return built(app, left) | built(app, right)
        case ("group", members):
            return group([built(app, one) for one in members])
        case ("chord", header, body):
            return chord([built(app, one) for one in header], built(app, body))
    raise AssertionError(flow)


def expected(flow: Workflow, *args: Any) -> Any:
    """What it must come to with these arguments. Raises Failed."""
    match flow:
        case ("say", word, immutable):
            return [word] if immutable else [word, *args]
        case ("fail", word):
            raise Failed(word)
        case ("chain", members):
            return _one_after_the_other(members, args)
        case ("or", left, right):
            return _one_after_the_other((left, right), args)
        case ("group", members):
            return _all(members, args)
        case ("chord", header, body):
            return expected(body, _all(header, args))
    raise AssertionError(flow)


def _one_after_the_other(members: Any, args: Any) -> Any:
    value: Any = None
    for number, member in enumerate(members):
        value = expected(member, *(args if number == 0 else (value,)))
    return value


def _all(members: Any, args: Any) -> list[Any]:
    """Groups directly inside a group are one group."""
    found = []
    for member in members:
        value = expected(member, *args)
        found.extend(value if member[0] == "group" else [value])
    return found
