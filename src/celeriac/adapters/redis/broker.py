"""The broker port on Redis: kombu's lists and claims, every operation one script or one pipeline."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from ...core.delivery import Claim, Delivery, Settlement
from ...core.errors import LeaseLost, OperationalError
from ...core.flow import Flow
from ...core.ids import tag, uuid
from ...core.message import Post, Queue, Route
from ...core.ports.broker import Mark
from ...wire.envelope import encode_kombu
from .attendance import TIMED
from .health import Health
from .keys import Keys
from .options import RedisOptions
from .packing import Argument, Command
from .recovery import held, recover
from .results import RedisResults
from .routing import members, queues_bound
from .scripts import CLAIM, PURGE, TOUCH
from .settling import Place, letter, settle_command
from .unacked import DELAYED, priority, readable, redelivered, suffix, timed

# exchange -> members of its binding set
Bound = dict[str, Sequence[bytes]]

# One script handles at most so many messages, so that Redis never stands still for more than a few milliseconds.
CHUNK = 500

_TOUCH_EVERY: Final = 60.0
_OVERDUE: Final = 5.0


class RedisBroker:
    """Flows of commands; no I/O."""

    def __init__(
        self, keys: Keys, options: RedisOptions, nonce: str, place: Place, apart: RedisResults | None = None
    ) -> None:
        self._keys = keys
        self._options = options
        self._nonce = nonce
        # Where Settlement.record goes; Transport.settles changes it.
        self.place = place
        # Set where a record can't be stored by the script that settles.
        self.apart = apart
        self._claimed = 0
        self._consumed: tuple[str, ...] = ()
        # Celery's workers take back what looks older than this.
        self.touch_every = min(_TOUCH_EVERY, options.visibility_timeout / 4)
        self._claims: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[Argument, ...]]] = {}
        self.health = Health()

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        keys = self._keys
        commands: list[Command] = [
            ("SADD", keys.bindings(exchange), member)
            for queue in queues
            for exchange, member in members(queue, keys.sep)
        ]
        if commands:
            yield tuple(commands)
        yield from self.health.check()

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        commands: list[Command] = []
        routes = _routes(posts)
        bound = yield from self._members(routes)
        pushes: dict[str, list[bytes]] = {}
        # Most posts of a batch share few routes, so where those lead is found once.
        found: dict[tuple[int, int | None], list[tuple[str, str]]] = {}
        for post in posts:
            raw = self._encode(post)
            targets = found.get((id(post.route), post.priority))
            if targets is None:
                targets = found[id(post.route), post.priority] = self._targets(post, bound)
            for what, key in targets:
                if what == "LPUSH":
                    pushes.setdefault(key, []).append(raw)
                else:
                    commands.append((what, key, raw))
        for key, raws in pushes.items():
            commands.extend(("LPUSH", key, *raws[i : i + CHUNK]) for i in range(0, len(raws), CHUNK))
        commands.extend(self._expiry(routes))
        if commands:
            yield tuple(commands)

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        names = self._consumed = tuple(queue.name for queue in queues)
        keys, arguments = self._claims.get(names) or self._prepare(names)
        limit = min(limit, CHUNK)
        prefix = f"{owner}.{self._nonce}"
        number = self._claimed
        self._claimed += limit
        command = (
            *("EVALSHA", CLAIM, 1 + len(keys), self._keys.lease(f"worker/{owner}"), *keys),
            *(prefix, number, limit, *arguments),
        )
        (reply,) = yield (command,)
        if reply == -1:
            raise LeaseLost(
                f"The lease of worker {owner} has run out: what it had claimed is given to others. "
                "Was the process or the machine stopped for longer than the lease?"
            )
        return _claim(names, prefix, number, reply)

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        if self.apart is not None:
            yield from self._store_apart(owner, settlements)
        posts = [post for settlement in settlements for post in settlement.posts]
        posts += [post for settlement in settlements for sequel in settlement.sequels for post in sequel.posts]
        bound = (yield from self.bound(posts)) if posts else {}
        chunks = [settlements[i : i + CHUNK] for i in range(0, len(settlements), CHUNK)]
        if not chunks:
            return ()
        # Last chunk first: requeued messages go to the end that is served next, the first of them last.
        commands = [settle_command(self, owner, chunk, bound) for chunk in reversed(chunks)]
        replies = yield tuple(commands)
        settled: list[bool] = []
        for chunk, lost in zip(chunks, reversed(replies), strict=True):
            done = [True] * len(chunk)
            for number in lost:
                done[number - 1] = False
            settled += done
        return tuple(settled)

    def _store_apart(self, owner: str, settlements: Sequence[Settlement]) -> Flow[None]:
        """In a cluster results lie in other slots: those of claims that are still ours are stored first."""
        recorded = [s for s in settlements if s.record is not None and s.delivery.tag.startswith(owner + ".")]
        if not recorded or self.apart is None:
            return
        (held,) = yield (("ZMSCORE", self._keys.index, *(s.delivery.tag for s in recorded)),)
        ours = [s.record for s, score in zip(recorded, held, strict=True) if score is not None and s.record]
        yield from self.apart.store(ours)

    def touch(self, owner: str, tags: Sequence[str]) -> Flow[None]:
        """Says that these claims are alive, so that a Celery worker's sweep does not take them."""
        if tags:
            yield tuple(
                ("EVALSHA", TOUCH, 1, self._keys.index, *tags[i : i + CHUNK]) for i in range(0, len(tags), CHUNK)
            )

    def recover(self, mark: Mark) -> Flow[int]:
        return recover(self._keys, self._options, mark)

    def held(self, owner: str) -> Flow[tuple[Delivery, ...]]:
        return held(self._keys, owner)

    def count(self, queues: Sequence[str]) -> Flow[dict[str, int]]:
        steps = len(self._keys.steps)
        commands = tuple(("LLEN", key) for queue in queues for key in self._keys.lines(queue))
        lengths = (yield commands) if commands else []
        return {queue: sum(lengths[i * steps : (i + 1) * steps]) for i, queue in enumerate(queues)}

    def purge(self, queues: Sequence[str]) -> Flow[int]:
        keys = self._keys
        gone = 0
        for queue in queues:
            lists = keys.lines(queue)
            fixed = (keys.unacked, keys.index, keys.delayed(queue))
            (number,) = yield (("EVALSHA", PURGE, 3 + len(lists), *fixed, *lists),)
            gone += number
        return gone

    def bound(self, posts: Sequence[Post]) -> Flow[Bound]:
        """The binding sets of the exchanges these posts name; none, and no round trip, for the default exchange."""
        return self._members(_routes(posts))

    def _members(self, routes: Collection[Route]) -> Flow[Bound]:
        names = dict.fromkeys(route.exchange for route in routes if route.exchange and route.exchange_type != "fanout")
        if not names:
            return {}
        replies = yield tuple(("SMEMBERS", self._keys.bindings(name)) for name in names)
        return dict(zip(names, replies, strict=True))

    def steps(self, post: Post, bound: Bound) -> list[tuple[Argument, ...]]:
        """(command, key, two arguments) for each place this post goes to."""
        raw = self._encode(post)
        try:
            if post.due is not None and post.route.exchange_type != "fanout":
                return [self._later(queue, post, post.due, raw) for queue in self._queues(post, bound)]
            return [(what, key, raw, "") for what, key in self._targets(post, bound)]
        except OperationalError as error:
            # No queue wants it. The settlement must go on all the same, and nothing is dropped.
            return [("DEAD", uuid(), letter(post.route.routing_key, str(error), raw), "")]

    def _later(self, queue: str, post: Post, due: float, raw: bytes) -> tuple[Argument, ...]:
        """Only a queue that we consume is known to have one of ours that will look into the delayed store.

        Into others a message goes as clients send it: whoever takes it in, Celery's worker or ours, reads its `eta`.
        """
        if queue in self._consumed or not post.message.headers.get("eta"):
            return self.wait(queue, due, uuid(), raw)
        return ("LPUSH", self.list_of(queue, raw), raw, "")

    def wait(self, queue: str, due: float, id: str, raw: bytes) -> tuple[Argument, ...]:
        """The step that puts a message into the delayed store; its tag says to which list it returns.

        Its score among the claimed ones is such that whoever sweeps finds it soon after its time if no worker of
        ours has taken it by then: a Celery worker when the last of ours is gone, one of ours that has other queues.
        The tag says too whether the message keeps its time itself, so that it may wait elsewhere (attendance.py).
        """
        head = readable(raw)
        step = self._keys.step(head.priority if head else 0)
        tag = f"{DELAYED}{step}.{TIMED if head and timed(head.eta, due) else ''}{id}"
        overdue = due + _OVERDUE - self._options.visibility_timeout
        value = f"{tag} {overdue:.6f} [".encode() + raw + suffix(queue).encode()
        return ("DELAY", self._keys.delayed(queue), due, value)

    def list_of(self, queue: str, raw: bytes) -> str:
        """The list a message that comes back belongs to."""
        return self._keys.line(queue, self._step(raw))

    @property
    def settle_keys(self) -> tuple[str, ...]:
        keys = self._keys
        return (keys.unacked, keys.index, keys.dead, keys.dead_index)

    def _step(self, raw: bytes) -> int:
        return self._keys.step(priority(raw))

    def _encode(self, post: Post) -> bytes:
        route = post.route
        return encode_kombu(
            post.message,
            exchange=route.exchange,
            routing_key=route.routing_key,
            tag=tag(),
            priority=post.priority,
        )

    def _targets(self, post: Post, bound: Bound) -> list[tuple[str, str]]:
        route = post.route
        step = self._keys.step(post.priority)
        if not route.exchange:
            return [("LPUSH", self._keys.line(route.routing_key, step))]
        if route.exchange_type == "fanout":
            return [("PUBLISH", self._keys.fanout(route.exchange, route.routing_key))]
        return [("LPUSH", self._keys.line(queue, step)) for queue in self._queues(post, bound)]

    def _queues(self, post: Post, bound: Bound) -> list[str]:
        route = post.route
        if not route.exchange:
            return [route.routing_key]
        queues = queues_bound(bound[route.exchange], self._keys.sep, route.routing_key)
        if not queues and route.queue is not None:
            queues = [route.queue.name]
        if not queues and self._options.deadletter_queue:
            queues = [self._options.deadletter_queue]
        if not queues:
            raise OperationalError(
                f"No queue is bound to exchange {route.exchange!r} for routing key {route.routing_key!r}: "
                "start a worker that consumes it, or add it to task_queues"
            )
        return queues

    def _expiry(self, routes: Collection[Route]) -> list[Command]:
        """Queues that expire do so when nothing was published for that long, as with kombu."""
        found = {route.queue.name: route.queue.expires for route in routes if route.queue is not None}
        return [
            ("PEXPIRE", key, int(expires * 1000))
            for name, expires in found.items()
            if expires
            for key in self._keys.lines(name)
        ]

    def _prepare(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Argument, ...]]:
        """The part of a claim that stays the same: kombu's order is all queues' first steps, then the second ones."""
        keys = self._keys
        steps = len(keys.steps)
        claimed = (
            keys.unacked,
            keys.index,
            keys.revoked,
            *(keys.delayed(name) for name in names),
            *(keys.line(name, step) for step in range(steps) for name in names),
        )
        arguments: tuple[Argument, ...] = (len(names), steps, *(suffix(name) for name in names))
        self._claims[names] = claimed, arguments
        return claimed, arguments


def _routes(posts: Sequence[Post]) -> Collection[Route]:
    """Each route once; posts of one task share theirs."""
    if len(posts) == 1:
        return (posts[0].route,)
    return {id(post.route): post.route for post in posts}.values()


def _claim(names: tuple[str, ...], prefix: str, number: int, reply: list[Any]) -> Claim:
    deliveries: list[Delivery] = []
    for i in range(2, len(reply), 2):
        queue = names[reply[i] - 1]
        for raw in reply[i + 1]:
            deliveries.append(Delivery(f"{prefix}{number}", queue, raw, redelivered(raw)))
            number += 1
    return Claim(tuple(deliveries), float(reply[0]) if reply[0] else None, int(reply[1]))
