"""What follows the end of a run: callbacks, the rest of a chain, errbacks, and the body of a chord it was a part of."""

import logging
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from celeriac.core import states
from celeriac.core.errors import ChordError
from celeriac.core.join import Count, Counted, Sequel
from celeriac.core.message import Post
from celeriac.core.record import Record
from celeriac.current import Context
from celeriac.execution.exception_info import ExceptionInfo
from celeriac.execution.faces import Followed, Unfinished

from . import following
from .counting import Counter, Member
from .following import Following, Unreached

logger: Final = logging.getLogger("celeriac.canvas")


class End(NamedTuple):
    """One part of a join, and how it ended."""

    member: Member
    state: str
    value: Any


class FollowUp:
    """Called where runs end, for those with followers; see execution.faces."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._counter = Counter(app)

    def __call__(self, request: Context, state: str, value: Any) -> Followed:
        """Counting comes last: what can't be planned or written is found out before."""
        if state == states.SUCCESS:
            first = following.after_success(self._app, request, value)
        else:
            first = following.after_failure(self._app, request, state, value)
        if first.children:
            request.children.extend(first.children)
        why = (state, value) if first.lost is None else (states.FAILURE, first.lost)
        sequels = [_sequel((), self._records(first.unreached, *why), first)]
        ends = deque(_ends(first.unreached, *why))
        if request.chord and request.group:
            own = Member(request.group, request.id, request.group_index, request.chord, request.adds)
            ends.append(End(own, state, value))
        while ends:  # a header that failed is the end of its body, which may be a part of another join
            end = ends.popleft()
            counted, owner = self._counter.count(end.member, end.state, end.value, request.acknowledged)
            if counted.state is Count.COMPLETE:
                sequel, more = self._complete(request, end.member, counted)
                sequels.append(_of(sequel, end.member.group, owner, counted.foreign))
                ends.extend(more)
        return Followed(first.posts, [one for one in sequels if one != _NOTHING])

    def _complete(self, request: Context, member: Member, counted: Counted) -> tuple[Sequel, list[End]]:
        """All parts are there: the body with their results, or its failure."""
        try:
            saved = self._counter.saved(member.group, request.acknowledged) if counted.foreign else None
            results = self._counter.results(counted.parts, saved)
            sent = following.body_after(self._app, request, member.chord, results)
        except Unfinished:
            raise
        except ChordError as exc:
            return self._failed(request, member, exc)
        except Exception as exc:
            logger.exception("Chord %s: its body can't be called", member.group)
            wrapped = ChordError(f"Callback error: {exc!r}")
            wrapped.__cause__ = exc
            return self._failed(request, member, wrapped)
        return _sequel(sent.posts, (), sent), []

    def _failed(self, request: Context, member: Member, exc: ChordError) -> tuple[Sequel, list[End]]:
        """The body will not run: it counts as failed, as does whatever was to come after it."""
        try:
            sent = following.unstarted(self._app, request, member.chord, exc)
        except Unfinished:
            raise
        except Exception as failed:
            logger.exception("Chord %s: its errbacks can't be called: %r", member.group, failed)
            sent = Following(unreached=tuple(following.unreached([member.chord], lambda marker: None)))
        records = self._records(sent.unreached, states.FAILURE, exc)
        return _sequel(sent.posts, records, sent), list(_ends(sent.unreached, states.FAILURE, exc))

    def _records(self, unreached: Iterable[Unreached], state: str, exc: Any) -> tuple[Record, ...]:
        """Whoever waits for a task that will not run learns why."""
        backend = self._app.backend
        wanted = [one for one in unreached if not one.ignored]
        if not wanted or not backend.enabled:
            return ()
        text = ExceptionInfo(exc).traceback
        return tuple(backend.record_of(one.task_id, exc, _of_later(state), text, _of_unreached(one)) for one in wanted)


_NOTHING: Final = Sequel()


def _of_unreached(one: Unreached) -> Context:
    """What its record says of a task that will not run."""
    return Context(
        task=one.name,
        args=one.args,
        kwargs=one.kwargs,
        group=one.group_id,
        properties={"reply_to": one.reply_to},
    )


def _of(sequel: Sequel, group: str, owner: str, foreign: bool) -> Sequel:
    return msgspec.structs.replace(sequel, group=group, owner=owner, foreign=foreign)


def _sequel(posts: Iterable[Post], records: Iterable[Record], sent: Following) -> Sequel:
    return Sequel(tuple(posts), (*records, *sent.kept), tuple(sent.opens), drops=tuple(sent.drops))


def _ends(unreached: Iterable[Unreached], state: str, exc: Any) -> Iterable[End]:
    """Those of the tasks that will not run that a join waits for."""
    for one in unreached:
        if one.chord and one.group_id:
            yield End(Member(one.group_id, one.task_id, one.group_index, one.chord), _of_later(state), exc)


def _of_later(state: str) -> str:
    """The state of what comes after a task that ended so."""
    return states.REVOKED if state == states.REVOKED else states.FAILURE
