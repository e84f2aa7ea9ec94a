"""Planning: what a workflow publishes now, and the joins to be declared before; pure, and in one step."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from celeriac.core.join import DECLARED, OpenJoin
from celeriac.core.record import Record

from .freezing import Setting, frozen, named
from .kinds import (
    CHAIN,
    CHORD,
    GROUP,
    TASK,
    Options,
    Tree,
    Walk,
    body_of,
    chain_of,
    changed_at_end,
    chord_of,
    ends_in_group,
    kind_of,
    last_of,
    listed,
    merged,
    tasks_of,
    walk,
    with_kwargs,
    with_options,
)
from .links import linked, with_errbacks
from .operators import with_links
from .pieces import Piece, shortened_options, shortened_tree

Args = Sequence[Any]
Kwargs = Mapping[str, Any]


class Call(NamedTuple):
    """One call to be published: what app.send_many takes."""

    task: Any  # name, or the task itself
    args: Args
    kwargs: Kwargs
    options: Options


class Flight(NamedTuple):
    """All that starts a workflow. The joins are opened first; then the calls go out together."""

    calls: list[Call]
    joins: list[OpenJoin]
    result: Any  # of the last task, or of a group; its parents are what comes before
    chords: list[tuple[Tree, Tree]]  # (header, body) for each join
    pieces: list[Piece]  # of long chains; `kept` is what they are in the result store
    kept: tuple[Record, ...] = ()
    drops: tuple[str, ...] = ()  # pieces that this takes the place of


def plan(tree: Tree, arguments: tuple[Args, Kwargs], options: Options, setting: Setting) -> Flight:
    """The start of a workflow with these arguments (put before those it has) and options of the call."""
    if kind_of(tree) != TASK:
        options = dict(options)
        id = options.pop("task_id", None)
        if id is not None:
            tree = renamed(tree, id)
        place = {key: options.pop(key) for key in _PLACE if key in options}
        if place:
            tree = placed(tree, {key: value for key, value in place.items() if value is not None})
    elif options.get("task_id"):
        tree = with_options(tree, task_id=options["task_id"])
    ready = frozen(tree, setting)
    flight = Flight([], [], ready.last, [], [])
    if ready.last is not None:
        if kind_of(ready.tree) == CHORD and ready.last is not ready.first:
            ready.last.parent = ready.first  # Celery's rule: of a chord that is sent, the header, whatever its body is
        args, kwargs = arguments
        walk(_Launch(flight, setting).launch(ready.tree, args, kwargs, options))
    return flight


# What makes the end of a workflow count in a group.
_PLACE: Final = ("group_id", "group_index", "chord")
# Options of a chord that are the header's alone, and the body's alone.
_HEADERS: Final = frozenset(("eta", "countdown", "root_id", "parent_id", "add_to_parent"))
_BODYS: Final = frozenset(("link", "link_error", "chain", "task_id", *_PLACE))
# Options of the whole that its first messages do not take over.
_ONES_OWN: Final = frozenset(("task_id", "link", "link_error", "reply_to", *_PLACE))


def placed(tree: Tree, place: Options) -> Any:
    """A copy whose end says this place; what it says already stays."""

    def say(end: Tree) -> Any:
        if kind_of(end) == GROUP:  # its members have their own, unless it is not ours
            return end
        own = end.get("options") or {}
        return with_options(end, **{key: value for key, value in place.items() if own.get(key) is None})

    return changed_at_end(tree, say)


class _Launch:
    """Collects the first messages of frozen trees."""

    def __init__(self, flight: Flight, setting: Setting) -> None:
        self._flight = flight
        self._setting = setting
        self._on_header = setting.errbacks_on_header

    def launch(self, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> Walk:
        """As a walk: what starts this tree."""
        kind = kind_of(tree)
        if kind == TASK:
            self._task(tree, args, kwargs, options)
            return None
        start = {CHAIN: self._chain, GROUP: self._group, CHORD: self._chord}[kind]
        return (yield start(tree, args, kwargs, options))

    def _task(self, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> None:
        for option in ("link", "link_error"):
            if options.get(option):  # in addition to its own
                options = {**options, option: with_links(tree, option, listed(options[option]))["options"][option]}
        args_, kwargs_, options = merged(tree, args, kwargs, options)
        options, pieces = shortened_options(options, self._setting.inline, self._setting.new_id)
        self._flight.pieces.extend(pieces)
        self._flight.calls.append(Call(tree["task"], args_, kwargs_, options))

    def _chain(self, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> Walk:
        steps = tasks_of(tree)
        own = tree.get("options") or {}
        errbacks = listed(options.get("link_error"))
        steps = [with_errbacks(step, errbacks, self._on_header) for step in steps] if errbacks else list(steps)
        steps[-1] = linked(steps[-1], listed(options.get("link")))
        first = {key: value for key, value in {**own, **options}.items() if key not in _ONES_OWN}
        rest = [*_after(tree, options), *reversed(steps[1:])]
        if rest:
            first["chain"] = rest
        if tree.get("immutable"):
            args, kwargs = (), {}
        yield self.launch(steps[0], (*args, *(tree.get("args") or ())), kwargs, first)

    def _group(self, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> Walk:
        after = _after(tree, options)
        if after:  # others may send a group that is not at the end of its chain
            chord = chord_of(without_chain(tree), chain_of(after[::-1]) if len(after) > 1 else after[0])
            rest = {key: value for key, value in options.items() if key != "chain"}
            yield self._chord(frozen(chord, self._setting).tree, args, kwargs, rest)
            return
        own = tree.get("options") or {}
        tree = linked(tree, listed(options.get("link")) + listed(own.get("link")))
        tree = with_errbacks(tree, listed(options.get("link_error")) + listed(own.get("link_error")), self._on_header)
        common = {key: value for key, value in {**own, **options}.items() if key not in _ONES_OWN}
        yield self._members(tree, {}, (args, kwargs), common)

    def _members(self, group: Tree, place: Options, arguments: tuple[Args, Kwargs], common: Options) -> Walk:
        args, kwargs = arguments
        place = {"group_id": group["options"]["task_id"], **place}
        if group.get("immutable"):
            args, kwargs = (), {}
        args = (*args, *(group.get("args") or ()))
        calls = self._flight.calls
        bare = not (args or kwargs or common)
        for index, member in enumerate(tasks_of(group)):
            if kind_of(member) != TASK:
                there = placed(member, {**place, "group_index": index})
                yield self.launch(there, args, kwargs, common)
                continue
            if bare:  # the options are this plan's own copy
                args_, kwargs_, options = member.get("args") or (), member.get("kwargs") or {}, member["options"]
            else:
                args_, kwargs_, options = merged(member, args, kwargs, common)
            for key, value in place.items():
                if options.get(key) is None:
                    options[key] = value
            calls.append(Call(member["task"], args_, kwargs_, options))

    def _chord(self, tree: Tree, args: Args, kwargs: Kwargs, options: Options) -> Walk:
        given = {**(tree.get("options") or {}), **options}
        header = tree["kwargs"]["header"]
        body = self._body(tree, given)
        own = {key: value for key, value in given.items() if key not in _BODYS and key != "reply_to"}
        members = tasks_of(header)
        if not members:
            yield self.launch(body, ([],), {}, {key: own[key] for key in _HEADERS if key in own})
            return
        errbacks = listed(given.get("link_error")) if self._on_header else []
        header = with_errbacks(header, errbacks, self._on_header)
        group = header["options"]["task_id"]
        body[DECLARED] = len(members)
        self._flight.joins.append(OpenJoin(group, len(members), self._setting.join_ttl))
        self._flight.chords.append((header, body))
        common = {**{key: value for key, value in header["options"].items() if key not in _ONES_OWN}, **own}
        before = (*args, *(tree.get("args") or ()))
        yield self._members(header, {"chord": body}, (before, kwargs), common)

    def _body(self, tree: Tree, given: Options) -> Any:
        """The body as the header's messages carry it: with the options that are meant for it."""
        body = body_of(tree)
        own = {key: value for key, value in given.items() if key not in _HEADERS and key not in _BODYS}
        own.pop("reply_to", None)
        body = with_options(body, **own)
        body = with_errbacks(linked(body, listed(given.get("link"))), listed(given.get("link_error")), self._on_header)
        rest = listed(given.get("chain"))
        if rest:
            body = followed(body, rest, self._setting)
        body, pieces = shortened_tree(body, self._setting.inline, self._setting.new_id)
        self._flight.pieces.extend(pieces)
        return dict(placed(body, {"group_id": header_id(tree)}))


def _after(tree: Tree, options: Options) -> list[Any]:
    """What comes after this chain or group (last link first): what its own options say, then what the call says.

    Celery's workers write the rest of a chain into the options of a chord's body, whatever kind of workflow that is.
    """
    return [*listed(options.get("chain")), *listed((tree.get("options") or {}).get("chain"))]


def without_chain(tree: Tree) -> Any:
    """A copy whose own options do not say what comes after it."""
    options = {key: value for key, value in (tree.get("options") or {}).items() if key != "chain"}
    return {**tree, "options": options}


def header_id(chord: Tree) -> str:
    """The group id of a frozen chord's header."""
    id: str = chord["kwargs"]["header"]["options"]["task_id"]
    return id


def followed(body: Tree, rest: list[Any], setting: Setting) -> Any:
    """A body that the rest of a chain (last link first) comes after."""
    kind = kind_of(body)
    if ends_in_group(body):
        return frozen(chain_of([body, *reversed(rest)]), setting).tree
    if kind == CHAIN:
        last = (last_of(rest[0]).get("options") or {}).get("task_id")
        return with_options(with_kwargs(body, tasks=[*tasks_of(body), *reversed(rest)]), task_id=last)
    return with_options(body, chain=[*rest, *listed((body.get("options") or {}).get("chain"))])


def renamed(tree: Tree, id: str) -> Any:
    """A copy whose last task (or group) has this id, whatever it was called before."""
    tree = named(tree, id)
    if kind_of(tree) == CHAIN:
        return with_options(tree, task_id=id)
    if kind_of(tree) == CHORD:
        return {**tree, "options": {key: value for key, value in tree["options"].items() if key != "task_id"}}
    return tree
