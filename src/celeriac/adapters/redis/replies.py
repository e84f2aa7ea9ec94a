"""What the replies of one exchange mean to a driver of either colour: unknown scripts, errors, redirections."""

from typing import Any

from redis import exceptions

from .packing import Commands
from .scripts import SOURCES


def unknown_scripts(replies: list[Any]) -> list[int]:
    """The places of replies that say NOSCRIPT."""
    return [i for i, reply in enumerate(replies) if isinstance(reply, exceptions.NoScriptError)]


def loads(commands: Commands, unknown: list[int]) -> Commands:
    """Loads the scripts of these commands."""
    digests = sorted({str(commands[i][1]) for i in unknown})
    return [("SCRIPT", "LOAD", SOURCES[digest]) for digest in digests]


def raise_first(replies: list[Any], redirects: bool = False) -> None:
    """Raises the first error among the replies, except a cluster's redirections where they are wanted."""
    for reply in replies:
        if isinstance(reply, Exception) and not (redirects and isinstance(reply, exceptions.AskError)):
            raise reply
