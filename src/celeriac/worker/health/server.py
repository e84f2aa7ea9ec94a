"""The door: a few pages by HTTP, on the worker's own event loop."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from celeriac.core.errors import ImproperlyConfigured

logger = logging.getLogger("celeriac.worker")

_PATIENCE: Final = 5.0  # seconds a client has to say what it wants, and to take it
_LONGEST_REQUEST: Final = 16 * 1024
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}


class Page(NamedTuple):
    """What is answered."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[], Awaitable[Page]]]


def address(text: str) -> tuple[str | None, int]:
    """`PORT` on all addresses, or `HOST:PORT`. Raises ImproperlyConfigured."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ImproperlyConfigured(f"worker_health: {text!r} is neither PORT nor HOST:PORT, such as 127.0.0.1:8080")
    return host.strip("[]") or None, int(port)


class Server:
    """Answers GET and HEAD; one request a connection."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self, host: str | None, port: int) -> None:
        """Raises ImproperlyConfigured if the address can't be had."""
        try:
            self._server = await asyncio.start_server(self._welcome, host, port, limit=_LONGEST_REQUEST)
        except OSError as exc:
            raise ImproperlyConfigured(f"worker_health: can't listen on {host or '*'}:{port}: {exc.strerror}") from exc
        name = self._server.sockets[0].getsockname()
        logger.info("Health: http://%s:%s/live /ready /metrics", host or name[0], name[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for talk in self._talks:
                talk.cancel()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(_PATIENCE):
                    writer.write(await self._answer(reader))
                    await writer.drain()
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return _response(Page(400, "this is no HTTP request\n"))
        if method not in ("GET", "HEAD"):
            return _response(Page(405, "GET it\n"))
        page = self._pages.get(path.partition("?")[0])
        found = await page() if page is not None else Page(404, f"there are {', '.join(self._pages)}\n")
        return _response(found, with_body=method == "GET")


def _response(page: Page, with_body: bool = True) -> bytes:
    body = page.body.encode()
    head = (
        f"HTTP/1.1 {page.status} {_REASONS[page.status]}\r\nContent-Type: {page.content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")
