"""The floor: the fastest honest loop over the same messages, in one plain process.

It claims in batches by script, so that a killed process would lose nothing, decodes each message, calls the
function, and stores results, publishes them and acknowledges in one script. It has no time limits, no leases,
no retries and no second process: what those cost in any design is the distance from here.

As a bare loop it does one thing after the other. With BENCH_OVERLAP it has the server claim the next batch, and
settle the last one, while it executes: what a loop of one process can reach at most on two cores.
"""

import base64
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import redis

from bench.apps.counter import Tally

QUEUE = "bench"
BATCH = 200
IDLE_WAIT = 1.0  # seconds until the loop looks whether it is to stop
TTL = 86400

# KEYS: queue, held messages, index of held messages. ARGV: limit, first tag. Replies: the messages.
CLAIM = """
local found = redis.call('RPOP', KEYS[1], ARGV[1])
if not found then return {} end
local held, index, now = {}, {}, redis.call('TIME')[1]
for i, raw in ipairs(found) do
    local tag = ARGV[2] + i - 1
    held[2 * i - 1], held[2 * i] = tag, raw
    index[2 * i - 1], index[2 * i] = now, tag
end
redis.call('HSET', KEYS[2], unpack(held))
redis.call('ZADD', KEYS[3], unpack(index))
return found
"""

# KEYS: held messages, index. ARGV: how many, first tag, seconds to keep, then key and value of each result.
SETTLE = """
local tags = {}
for i = 1, ARGV[1] do tags[i] = ARGV[2] + i - 1 end
for i = 4, #ARGV, 2 do
    redis.call('SETEX', ARGV[i], ARGV[3], ARGV[i + 1])
    redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end
redis.call('HDEL', KEYS[1], unpack(tags))
redis.call('ZREM', KEYS[2], unpack(tags))
"""


class Headers(msgspec.Struct):
    """The headers that the loop needs."""

    id: str
    task: str
    ignore_result: bool = False


class Envelope(msgspec.Struct):
    """A message as it lies in the queue."""

    headers: Headers
    body: str


Body = tuple[list[Any], dict[str, Any], dict[str, Any]]


class Result(msgspec.Struct):
    """What is stored, in Celery's form."""

    status: str
    result: Any
    traceback: str | None
    children: list[Any]
    date_done: str
    task_id: str


class Floor:
    """The loop and its connection."""

    def __init__(self, url: str, tasks: dict[str, Callable[..., Any]], *, overlap: bool) -> None:
        self._overlap = overlap
        client = redis.Redis.from_url(url)
        self._connection: Any = client.connection_pool.get_connection()
        self._tasks = tasks
        self._claim, self._settle = client.script_load(CLAIM), client.script_load(SETTLE)
        self._envelope = msgspec.json.Decoder(Envelope)
        self._body = msgspec.json.Decoder(Body)
        self._encode = msgspec.json.Encoder().encode
        self._tag = 1
        # commands sent whose replies were not read yet, oldest first: True where the loop waits for the reply
        self._sent: deque[bool] = deque()

    def run(self) -> NoReturn:
        """Works until SIGTERM ends the process."""
        first = self._send_claim()
        while True:
            found = self._read()
            if not found:
                # waits until there is something and leaves it where it is
                self._send(True, "BLMOVE", QUEUE, QUEUE, "RIGHT", "RIGHT", IDLE_WAIT)
                self._read()
                first = self._send_claim()
                continue
            self._tag += len(found)
            if self._overlap:
                following = self._send_claim()
                self._work(found, first)
            else:
                self._work(found, first)
                self._read()
                following = self._send_claim()
            first = following

    def _send_claim(self) -> int:
        """Returns the first tag of what will be claimed."""
        self._send(True, "EVALSHA", self._claim, 3, QUEUE, "unacked", "unacked_index", BATCH, self._tag)
        return self._tag

    def _send(self, awaited: bool, *command: Any) -> None:
        self._connection.send_command(*command)
        self._sent.append(awaited)

    def _read(self) -> Any:
        """The oldest awaited reply; replies to settlements sent before it are read on the way."""
        while not self._sent.popleft():
            self._connection.read_response()
        return self._connection.read_response()

    def _work(self, found: list[bytes], first: int) -> None:
        args: list[Any] = [len(found), first, TTL]
        for raw in found:
            args += self._execute(raw)
        self._send(not self._overlap, "EVALSHA", self._settle, 2, "unacked", "unacked_index", *args)

    def _execute(self, raw: bytes) -> tuple[str | bytes, ...]:
        message = self._envelope.decode(raw)
        headers = message.headers
        args, kwargs, _embed = self._body.decode(base64.b64decode(message.body))
        value = self._tasks[headers.task](*args, **kwargs)
        if headers.ignore_result:
            return ()
        result = Result("SUCCESS", value, None, [], datetime.now(UTC).isoformat(), headers.id)
        return f"celery-task-meta-{headers.id}", self._encode(result)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tally = Tally(os.environ["BENCH_TALLY"])
    overlap = "BENCH_OVERLAP" in os.environ
    Floor(os.environ["BENCH_BROKER"], {"bench.noop": tally.ran}, overlap=overlap).run()


if __name__ == "__main__":
    main()
