"""Workflows to compare: a seeded generator, and those made by hand because they are tricky; all plain data."""

import random
from itertools import count
from typing import Any, Final

Spec = list[Any]

_DEPTH: Final = 4
_MOST_TASKS: Final = 14


def generated(number: int, seed: int) -> Spec:
    """The workflow of this number; its tasks' labels begin with g<number>."""
    return _Maker(f"g{number}", random.Random(seed * 100_003 + number)).top()


class _Maker:
    """Grows one workflow at random; at most one of its tasks fails, else it would be chance whose error is told."""

    def __init__(self, prefix: str, rng: random.Random) -> None:
        self._prefix = prefix
        self._rng = rng
        self._numbers = count()
        self._left = _MOST_TASKS
        self._may_fail = rng.random() < 0.35

    def top(self) -> Spec:
        return self._rng.choices((self._chain, self._group, self._chord, self._or, self._single), (4, 3, 4, 3, 1))[0](
            _DEPTH
        )

    def _any(self, depth: int) -> Spec:
        if depth <= 1 or self._left <= 2:
            return self._task()
        kinds = (self._leaf, self._chain, self._group, self._chord, self._or)
        return self._rng.choices(kinds, (8, 3, 3, 2, 1))[0](depth - 1)

    def _leaf(self, depth: int) -> Spec:
        return self._task()

    def _single(self, depth: int) -> Spec:
        return self._task(linked=True)

    def _label(self) -> str:
        return f"{self._prefix}.{next(self._numbers)}"

    def _task(self, linked: bool | None = None) -> Spec:
        rng = self._rng
        self._left -= 1
        name = "i.call"
        if self._may_fail and rng.random() < 0.12:
            name, self._may_fail = "i.fail", False
        elif rng.random() < 0.07:
            name = "i.again"
        args = [rng.randrange(9) for _ in range(rng.choices((0, 1, 2), (5, 4, 1))[0])]
        options: dict[str, Any] = {}
        if rng.random() < 0.15:
            options["immutable"] = True
        if linked or rng.random() < 0.1:
            options["link"] = [self._plain() for _ in range(rng.choice((1, 1, 2)))]
        if rng.random() < 0.15:
            options["link_error"] = [self._errback()]
        return ["task", name, args, {"label": self._label()}, options]

    def _plain(self) -> Spec:
        self._left -= 1
        return ["task", "i.call", [], {"label": self._label()}, {"immutable": self._rng.random() < 0.3}]

    def _errback(self) -> Spec:
        return ["task", self._rng.choice(("i.new_errback", "i.old_errback")), [], {"label": self._label()}, {}]

    def _several(self, least: int, depth: int) -> list[Spec]:
        return [self._any(depth) for _ in range(self._rng.choices((least, 2, 3, 4), (1, 5, 3, 1))[0])]

    def _members(self, depth: int) -> list[Spec]:
        """Of a group, which may become a header."""
        return [self._one_end(one) for one in self._several(1, depth)]

    def _one_end(self, spec: Spec) -> Spec:
        """It ends in one task: Celery miscounts members of headers that don't, and repeats what follows such bodies."""
        return ["chain", [spec, self._task()]] if _ends_in_group(spec) else spec

    def _chain(self, depth: int) -> Spec:
        return ["chain", self._several(2, depth)]

    def _group(self, depth: int) -> Spec:
        return ["group", self._members(depth)]

    def _chord(self, depth: int) -> Spec:
        return ["chord", self._members(depth), self._one_end(self._any(min(depth, 2)))]

    def _or(self, depth: int) -> Spec:
        return ["or", self._any(depth), self._any(depth)]


def _ends_in_group(spec: Spec) -> bool:
    while spec[0] in ("chain", "or", "chord"):
        spec = spec[1][-1] if spec[0] == "chain" else spec[2]
    return bool(spec[0] == "group")


def by_hand() -> dict[str, Spec]:
    """Name -> workflow; the names are the prefixes of the labels."""
    made = {}
    for name, spec in _TRICKY.items():
        made[name] = spec(_Namer(name))
    return made


class _Namer:
    """t() is a task whose label follows from the workflow's name."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = count()

    def __call__(self, *args: Any, name: str = "i.call", **options: Any) -> Spec:
        kwargs = options.pop("kwargs", {})
        label = f"{self._prefix}.{next(self._numbers)}"
        return ["task", name, list(args), {"label": label, **kwargs}, options]

    def fail(self, *args: Any, **options: Any) -> Spec:
        return self(*args, name="i.fail", **options)

    def instead(self, by: Spec, *args: Any, **options: Any) -> Spec:
        return self(*args, name="i.instead", kwargs={"by": by}, **options)

    def sow(self, *seeds: Spec) -> Spec:
        return self(name="i.sow", kwargs={"seeds": list(seeds)})

    def errback(self, new: bool) -> Spec:
        return self(name="i.new_errback" if new else "i.old_errback")


def _chain(*specs: Spec) -> Spec:
    return ["chain", list(specs)]


def _group(*specs: Spec) -> Spec:
    return ["group", list(specs)]


def _chord(header: list[Spec], body: Spec, **options: Any) -> Spec:
    return ["chord", header, body, options]


_TRICKY: Final[dict[str, Any]] = {
    "chain-of-one": lambda t: _chain(t(1)),
    "chain-of-eight": lambda t: _chain(*[t(n) for n in range(8)]),
    "chain-in-chain": lambda t: _chain(t(), _chain(t(), _chain(t(), t())), t()),
    "group-of-one": lambda t: _group(t(1)),
    "group-of-groups": lambda t: _group(_group(t(), t()), _group(t(), _group(t()))),
    "group-of-chains": lambda t: _group(_chain(t(), t()), _chain(t(), t(), t())),
    "chord-of-one": lambda t: _chord([t(1)], t()),
    "chord-of-chains": lambda t: _chord([_chain(t(), t()), _chain(t(), t())], t()),
    "chord-of-groups": lambda t: _chord([_group(t(), t()), _group(t(), t())], t()),
    "chord-of-what-ends-in-groups": lambda t: _chord([_chain(t(), _group(t(), t())), _chain(t(), _group(t()))], t()),
    "group-of-what-ends-in-groups": lambda t: _group(_chain(t(), _group(t(), t())), _chord([t()], _group(t(), t()))),
    "chord-of-chords": lambda t: _chord([_chord([t(), t()], t()), _chord([t(), t()], t())], t()),
    "chord-into-chain": lambda t: _chord([t(), t()], _chain(t(), t())),
    "chord-into-group": lambda t: _chord([t(), t()], _group(t(), t())),
    "chord-into-group-then-chord": lambda t: _chain(_chord([t(), t()], _group(t(), t())), _chord([t(), t()], t())),
    "chord-into-chord": lambda t: _chord([t(), t()], _chord([t(), t()], t())),
    "empty-header": lambda t: _chord([], t()),
    "chain-ends-in-group": lambda t: _chain(t(), _group(t(), t())),
    "chain-begins-with-group": lambda t: _chain(_group(t(), t()), t()),
    "chain-begins-with-group-of-one": lambda t: _chain(_group(t()), t()),
    "chain-of-chords-with-chains": lambda t: _chain(
        _group(t(), t()), _chord([t(), t()], _chain(t(), t())), _chord([t(), t()], t())
    ),
    "chain-with-group-inside": lambda t: _chain(t(), _group(t(), t()), t()),
    "chain-with-two-groups": lambda t: _chain(t(), _group(t(), t()), _group(t(), t()), t()),
    "chain-of-chords": lambda t: _chain(_chord([t(), t()], t()), _chord([t(), t()], t())),
    "chain-ends-in-chord": lambda t: _chain(t(), _chord([t(), t()], t())),
    "task-or-group": lambda t: ["or", t(1), _group(t(), t())],
    "group-or-task": lambda t: ["or", _group(t(1), t(2)), t()],
    "group-or-group": lambda t: ["or", _group(t(1), t(2)), _group(t(), t())],
    "group-of-one-or-task": lambda t: ["or", _group(t(1)), t()],
    "task-or-group-of-one": lambda t: ["or", t(1), _group(t())],
    "chord-or-task": lambda t: ["or", _chord([t(), t()], t()), t()],
    "chord-or-group": lambda t: ["or", _chord([t(), t()], t()), _group(t(), t())],
    "chord-or-chain": lambda t: ["or", _chord([t(), t()], t()), _chain(t(), t())],
    "chord-or-chord": lambda t: ["or", _chord([t(), t()], t()), _chord([t(), t()], t())],
    "chain-or-group-or-task": lambda t: ["or", ["or", _chain(t(), t()), _group(t(), t())], t()],
    "immutable-links": lambda t: _chain(t(1), t(2, immutable=True), t()),
    "immutable-group": lambda t: _chain(t(1), _group(t(2, immutable=True), t(3)), t(immutable=True)),
    "links": lambda t: t(1, link=[t(), t()]),
    "link-is-a-chain": lambda t: t(1, link=[_chain(t(), t())]),
    "link-is-a-group": lambda t: t(1, link=[_group(t(), t())]),
    "link-of-a-link": lambda t: t(1, link=[t(link=[t()])]),
    "link-inside-a-chain": lambda t: _chain(t(1, link=[t()]), t()),
    "link-on-the-last": lambda t: _chain(t(1), t(link=[t()])),
    "link-in-a-header": lambda t: _chord([t(1, link=[t()]), t(2)], t()),
    "link-on-a-body": lambda t: _chord([t(1), t(2)], t(link=[t()])),
    "fails": lambda t: t.fail(1),
    "fails-with-new-errback": lambda t: t.fail(1, link_error=[t.errback(True)]),
    "fails-with-old-errback": lambda t: t.fail(1, link_error=[t.errback(False)]),
    "fails-with-both-errbacks": lambda t: t.fail(1, link_error=[t.errback(True), t.errback(False)]),
    "first-of-a-chain-fails": lambda t: _chain(t.fail(), t(), t()),
    "middle-of-a-chain-fails": lambda t: _chain(t(), t.fail(), t(), t()),
    "last-of-a-chain-fails": lambda t: _chain(t(), t.fail()),
    "chain-fails-with-errback-on-the-last": lambda t: _chain(t.fail(), t(link_error=[t.errback(True)])),
    "chain-fails-with-errback-on-all": lambda t: ["chain", [t(), t.fail(), t()], {"link_error": [t.errback(True)]}],
    "chain-fails-before-a-group": lambda t: _chain(t.fail(), _group(t(), t())),
    "chain-fails-before-a-chord": lambda t: _chain(t.fail(), _chord([t(), t()], t())),
    "member-of-a-group-fails": lambda t: _group(t(), t.fail(), t()),
    "header-fails": lambda t: _chord([t(), t.fail(), t()], t()),
    "header-fails-with-errback-on-the-body": lambda t: _chord([t(), t.fail()], t(link_error=[t.errback(True)])),
    "header-fails-before-a-chain": lambda t: _chord([t(), t.fail()], _chain(t(), t())),
    "header-fails-before-a-chain-with-an-errback": lambda t: _chord(
        [t(), t.fail()], _chain(t(link_error=[t.errback(False)]), t(link_error=[t.errback(True)]))
    ),
    "header-fails-before-a-group": lambda t: _chord([t(), t.fail()], _group(t(), t())),
    "header-chain-fails": lambda t: _chord([_chain(t.fail(), t()), t()], t()),
    "inner-header-fails": lambda t: _chord([_chord([t(), t.fail()], t()), t()], t()),
    "body-fails": lambda t: _chord([t(), t()], t.fail()),
    "body-fails-then-more": lambda t: _chord([t(), t()], _chain(t.fail(), t())),
    "retries-in-a-chain": lambda t: _chain(t(), t(name="i.again"), t()),
    "retries-in-a-header": lambda t: _chord([t(name="i.again"), t()], t()),
    "retries-in-a-body": lambda t: _chord([t(), t()], t(name="i.again")),
    "becomes-a-task": lambda t: t.instead(t(7)),
    "becomes-a-chain": lambda t: t.instead(_chain(t(7), t())),
    "becomes-a-group": lambda t: t.instead(_group(t(7), t())),
    "becomes-a-chord": lambda t: t.instead(_chord([t(7), t()], t())),
    "becomes-what-becomes-another": lambda t: t.instead(t.instead(t(7))),
    "becomes-a-task-in-a-chain": lambda t: _chain(t(), t.instead(t(7)), t()),
    "becomes-a-chain-in-a-chain": lambda t: _chain(t(), t.instead(_chain(t(7), t())), t()),
    "becomes-a-group-in-a-chain": lambda t: _chain(t(), t.instead(_group(t(7), t())), t()),
    "becomes-a-task-in-a-header": lambda t: _chord([t.instead(t(7)), t()], t()),
    "becomes-a-chain-in-a-header": lambda t: _chord([t.instead(_chain(t(7), t())), t()], t()),
    "becomes-a-group-in-a-header": lambda t: _chord([t.instead(_group(t(7), t())), t()], t()),
    "becomes-a-chord-in-a-header": lambda t: _chord([t.instead(_chord([t(7), t()], t())), t()], t()),
    "becomes-a-task-in-a-body": lambda t: _chord([t(), t()], t.instead(t(7))),
    "becomes-what-fails": lambda t: _chain(t.instead(t.fail(7)), t()),
    "becomes-a-task-with-links": lambda t: t.instead(t(7), link=[t()], link_error=[t.errback(True)]),
    "sows": lambda t: t.sow(t(1), _group(t(2), t(3)), _chain(t(4), t(5))),
    "sows-in-a-chain": lambda t: _chain(t.sow(t(1)), t()),
    "sows-what-sows": lambda t: t.sow(t.sow(t(1))),
    "map": lambda t: ["map", "i.pair", [1, 2, 3]],
    "starmap": lambda t: ["starmap", "i.pair", [[1, 2], [3, 4]]],
    "chunks": lambda t: ["chunks", "i.pair", [[n, n] for n in range(5)], 2],
    "map-in-a-chain": lambda t: _chain(t(), ["map", "i.pair", [1, 2]], t()),
    "map-in-a-header": lambda t: _chord([["map", "i.pair", [1, 2]], t()], t()),
    "chunks-in-a-chord": lambda t: ["or", ["chunks", "i.pair", [[n, n] for n in range(4)], 2], t()],
    "task-id-of-ones-own": lambda t: _chain(t(set={"task_id": "own-first"}), t(set={"task_id": "own-last"})),
    "priority-and-headers": lambda t: _chain(t(set={"priority": 3}), t(set={"headers": {"mine": 1}})),
    "countdown-in-a-chain": lambda t: _chain(t(set={"countdown": 0.05}), t(set={"countdown": 0.05})),
    "ignored-in-a-chain": lambda t: _chain(t(set={"ignore_result": True}), t()),
}
