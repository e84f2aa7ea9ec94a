"""From an exchange's bindings to the queues a message goes to; no I/O, kombu's binding members."""

from collections.abc import Iterable

from ...core.message import Queue

# kombu writes a topic binding's pattern beside its routing key; Celery workers match with it.
_WILDCARDS = {"*": r"[^\.]+", "#": r".*?"}


def pattern(routing_key: str) -> str:
    """A topic routing key as the regular expression kombu stores."""
    return "^" + r"\.".join(_WILDCARDS.get(word, word) for word in routing_key.split(".")) + "$"


def members(queue: Queue, sep: str) -> list[tuple[str, str]]:
    """(exchange, member of its binding set) for every binding of a queue; none for the default exchange."""
    found = []
    for exchange, routing_key in ((queue.exchange, queue.routing_key), *queue.bindings):
        if exchange.name:
            regex = pattern(routing_key) if exchange.type == "topic" else ""
            found.append((exchange.name, sep.join((routing_key, regex, queue.name))))
    return found


def queues_bound(bound: Iterable[bytes], sep: str, routing_key: str) -> list[str]:
    """The queues a message with this routing key reaches, in the order of their names."""
    reached = set()
    for member in bound:
        key, regex, queue = member.decode().split(sep, 2)
        if key == routing_key or (regex and matches(key, routing_key)):
            reached.add(queue)
    return sorted(reached)


def matches(binding: str, routing_key: str) -> bool:
    """True if a topic binding (* is one word, # any number of words) covers the routing key."""
    return _words_match(binding.split("."), routing_key.split("."))


def _words_match(binding: list[str], words: list[str]) -> bool:
    # One row of the classic table: reach[i] says whether binding[:b] covers words[:i].
    reach = [True] + [False] * len(words)
    for part in binding:
        if part == "#":
            for i in range(1, len(reach)):
                reach[i] = reach[i] or reach[i - 1]
        else:
            reach = [False] + [reach[i] and part in ("*", words[i]) for i in range(len(words))]
    return reach[-1]
