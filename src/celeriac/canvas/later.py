"""Later: the links of a long chain that lie in the result store, read when their turn comes."""

import logging
from typing import Any, Final

from celeriac.core.errors import OperationalError, TaskError
from celeriac.core.ports import Transport
from celeriac.core.ports.chains import chains_of
from celeriac.execution.faces import Unfinished
from celeriac.wire import pieces as wire
from celeriac.wire import serializers

from .kinds import Tree, with_options
from .pieces import ids_of, is_marker, next_of
from .trying import ONE_TRY, Trying

logger: Final = logging.getLogger("celeriac.canvas")


class LinksLost(TaskError):
    """The later links of a chain can't be had: it ends here."""


class Later:
    """Reads for the end of one run; `drops` are the pieces that are not needed any more when it takes effect."""

    def __init__(self, app: Any, last_chance: bool, trying: Trying | None = None) -> None:
        self._app = app
        self._last_chance = last_chance
        self._trying = trying or Trying()
        self.drops: list[str] = []

    def next(self, marker: Tree) -> tuple[Any, list[Any]]:
        """(what runs next, the links after it, in the order of a message). Raises LinksLost if they are not there,
        Unfinished while the store is away."""
        link, rest = next_of(marker, self._links(ids_of(marker)))
        if is_marker(link):
            return self.next(with_options(link, chain=rest))
        return link, rest

    def opened(self, tree: Tree) -> Any:
        """What a marker stands for, as one tree; a marker whose links are lost, and everything else, as it is."""
        if not is_marker(tree):
            return tree
        try:
            link, rest = self.next(tree)
        except LinksLost:
            return tree
        return with_options(link, chain=rest)

    def links(self, marker: Tree) -> list[Any] | None:
        """The links of the next piece, in the order of a message; None if they are lost. (The last of them may be a
        marker again.)"""
        try:
            return self._links(ids_of(marker))
        except LinksLost as lost:
            logger.error("A chain has failed, and %s", lost)
            return None

    def _links(self, ids: list[str]) -> list[Any]:
        payload = self._read(ids)
        if payload is None:
            raise LinksLost(
                f"the later links of this chain are not in the result store any more ({ids[0]}): they wait there for "
                "30 days after the last sign of life of the chain, or for result_chord_expires"
            )
        try:
            links = wire.decode(payload, serializers.accept_set(self._app.conf.accept_content))
        except Exception as exc:
            raise LinksLost(f"the later links of this chain can't be read ({ids[0]}): {exc!r}") from exc
        self.drops.append(ids[0])
        return links

    def _read(self, ids: list[str]) -> bytes | None:
        transport: Transport | None = self._app.transports.results
        chains = chains_of(transport)
        if transport is None or chains is None:
            raise LinksLost(
                "this worker has no result backend that the later links of this chain could lie in; set result_backend "
                "to that of the program that sent the chain, or task_chain_inline to None for those who send"
            )
        trouble: object = None
        for _ in self._trying.tries(self._last_chance):
            try:
                ttl = self._app.backend.join_ttl
                return transport.link().run(chains.read(ids[0], ids[1:], ttl), ONE_TRY)
            except OperationalError as exc:
                trouble = exc
        text = f"the later links of this chain could not be read ({ids[0]}): {trouble}"
        if self._last_chance:
            logger.critical("A chain ends here: %s", text)
            raise LinksLost(text)
        raise Unfinished(text)
