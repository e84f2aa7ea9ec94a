"""The words behind `multi VERB`: names of nodes, options for all of them, and options for some."""

import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import click
import msgspec

from celeriac.worker.nodenames import node_name

TakesValue = Callable[[str], bool | None]  # of an option: True, False, or None if it is not known

# options that several words may be given for
_OWN: Final = {
    "--range-prefix": "range_prefix",
    "--prefix": "prefix",
    "--suffix": "suffix",
    "--cmd": "cmd",
    "--append": "append",
    "--executable": "executable",
    "--hostname": "suffix",
    "-n": "suffix",
}
_FLAGS: Final = {
    "--nosplash": "quiet",
    "--quiet": "quiet",
    "-q": "quiet",
    "--verbose": "verbose",
    "--no-color": "plain",
}

Options = tuple[str, ...]


class Words(msgspec.Struct):
    """What was said."""

    names: list[str] = []
    common: list[str] = []  # options of all nodes, as they were written
    some: list[tuple[str, list[str]]] = []  # (which nodes, options)
    own: dict[str, str] = {}  # multi's own options
    flags: set[str] = set()
    signal: str | None = None


class NodeSpec(msgspec.Struct, frozen=True):
    """One node: its whole name, and the options its worker is started with."""

    name: str
    options: Options

    def option(self, *names: str) -> str | None:
        """What one of these options says, if it is given; the last one counts."""
        found = None
        for place, word in enumerate(self.options):
            head, equals, tail = word.partition("=")
            if head in names:
                found = tail if equals else self.options[place + 1] if place + 1 < len(self.options) else None
        return found


def read(words: Sequence[str], takes_value: TakesValue, signals: Iterable[str] = ()) -> Words:
    """Sort the words. Raises click.UsageError."""
    found = Words()
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            found.common += ["--", *left]
            break
        if not word.startswith("-") or word == "-":
            found.names.append(word)
        elif word in _FLAGS:
            found.flags.add(_FLAGS[word])
        elif word.lstrip("-").removeprefix("SIG") in signals:
            found.signal = word.lstrip("-").removeprefix("SIG")
        else:
            _option(found, word, left, takes_value)
    return found


def _option(found: Words, word: str, left: list[str], takes_value: TakesValue) -> None:
    head, equals, value = word.partition("=")
    name, colon, nodes = head.partition(":")
    if name in _OWN:
        if not equals and not left:
            raise click.UsageError(f"{name} needs a value.")
        found.own[_OWN[name]] = value if equals else left.pop(0)
        return
    said = [f"{name}={value}"] if equals else [name]
    if not equals and left and _followed(name, left[0], takes_value):
        said.append(left.pop(0))
    if colon:
        found.some.append((nodes, said))
    else:
        found.common += said


def _followed(name: str, following: str, takes_value: TakesValue) -> bool:
    """Whether the next word belongs to this option."""
    known = takes_value(name)
    return (not following.startswith("-")) if known is None else known


def nodes(words: Words, product: str) -> list[NodeSpec]:
    """The nodes that are meant, each with its options. Raises click.UsageError."""
    prefix, suffix = words.own.get("prefix", ""), words.own.get("suffix", "")
    names = _names(words, words.own.get("range_prefix", product))
    for wanted, _ in words.some:
        _chosen(wanted, names)
    made = []
    for place, name in enumerate(names, 1):
        own = [word for wanted, said in words.some if _is_one(wanted, place, name) for word in said]
        given = f"{prefix}{name}{suffix}" if "@" in suffix else f"{prefix}{name}"
        whole = node_name(given if "@" in given else f"{given}@{suffix or '%h'}", product)
        made.append(NodeSpec(whole, tuple(filled(word, whole) for word in (*words.common, *own))))
    return made


def filled(word: str, node: str) -> str:
    """%n, %h, %d, %p and %N of this node; %i and %I are for the worker."""
    name, _, host = node.partition("@")
    host = host or socket.gethostname()
    signs = {"%N": name, "%n": name, "%h": host, "%d": host.partition(".")[2], "%p": node}
    for sign, text in signs.items():
        word = word.replace(sign, text)
    return word


def _names(words: Words, prefix: str) -> list[str]:
    """`3` is three nodes named by numbers; anything else is a name."""
    if len(words.names) == 1 and words.names[0].isdecimal():
        return [f"{prefix}{number}" for number in range(1, int(words.names[0]) + 1)]
    found = []
    for name in words.names:
        first, dash, last = name.partition("-")
        if dash and first.isdecimal() and last.isdecimal():
            found += [f"{prefix}{number}" for number in range(int(first), int(last) + 1)]
        else:
            found.append(name)
    return found


def _is_one(wanted: str, place: int, name: str) -> bool:
    return any(_fits(part, place, name) for part in wanted.split(","))


def _fits(part: str, place: int, name: str) -> bool:
    first, dash, last = part.partition("-")
    if part.isdecimal():
        return int(part) == place
    if dash and first.isdecimal() and last.isdecimal():
        return int(first) <= place <= int(last)
    return part == name


def _chosen(wanted: str, names: Sequence[str]) -> None:
    for part in wanted.split(","):
        if not any(_fits(part, place, name) for place, name in enumerate(names, 1)):
            among = ", ".join(names) or "none"
            raise click.UsageError(f"An option is for the node {part!r}, which is not among these: {among}.")
