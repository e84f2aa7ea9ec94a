"""Names of nodes, `name@host`, and the signs (%h %n %d %p %i %I) that stand for their parts."""

import re
import socket
from typing import Final

DEFAULT_NAME: Final = "celeriac"
_SIGN: Final = re.compile(r"%(.)")


def node_name(wanted: str | None, default: str = DEFAULT_NAME) -> str:
    """What -n asks for, completed: `w1` is celeriac@w1, `w1@%h` is w1@thishost.

    %h is the host with its domain, %n the host alone, %d the domain.
    """
    host = socket.gethostname()
    short, _, domain = host.partition(".")
    name, at, place = (wanted or "").rpartition("@")
    text = f"{name or default}@{place or host}" if at or place else f"{default}@{host}"
    return _filled(text, {"h": host, "n": short, "d": domain})


def fill_in(pattern: str, node: str, index: int = 0) -> str:
    """A file's name for this node: %n its name, %h its host, %d the domain, %p both, %i the number of the process.

    %I is the same with a dash before it, and nothing in the parent (which is number 0).
    """
    name, _, host = node.rpartition("@")
    domain = host.partition(".")[2]
    signs = {"n": name or DEFAULT_NAME, "h": host, "d": domain, "p": node, "i": str(index)}
    return _filled(pattern, {**signs, "I": f"-{index}" if index else ""})


def _filled(text: str, signs: dict[str, str]) -> str:
    return _SIGN.sub(lambda found: "%" if found[1] == "%" else signs.get(found[1], found[0]), text)
