"""What remote control asks of a transport: commands reach all who listen, replies the one who asked, no one else."""

import json
import time
from collections.abc import Sequence
from typing import Any

from celeriac.control.busbox import pidbox
from celeriac.core.ids import uuid
from celeriac.core.message import Message
from celeriac.core.ports import Pidbox

from .harness import Harness, present
from .peer import EarFace

CALLS = "conformance.pidbox"
REPLIES = "reply.conformance.pidbox"


def box_of(harness: Harness) -> Pidbox:
    """The transport's own, or the one over its bus."""
    transport = harness.peer.transport
    return present(pidbox(transport, transport.bus))


def message(said: Any) -> Message:
    return Message({"clock": 1}, {"delivery_mode": 1}, json.dumps(said).encode())


class Caller:
    """Who asks, with a box for the replies."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self.pidbox = box_of(harness)
        self.box = uuid()
        channel = self.pidbox.box_channel(REPLIES, self.box)
        self._ear: EarFace | None = None if channel is None else harness.ear(channel)
        harness.run(self.pidbox.open(REPLIES, self.box))

    def heard(self, count: int, seconds: float = 30.0) -> list[Any]:
        """The first so many replies."""
        found: list[Any] = []
        end = time.monotonic() + seconds
        while len(found) < count and (left := end - time.monotonic()) > 0:
            if self._ear is not None:
                letter = self._ear.next(left)
                got: Sequence[Message] = (self.pidbox.read(letter[1]),) if letter else ()
            else:
                got = self._harness.run(self.pidbox.collect(REPLIES, self.box, left), left + 10)
            if not got:
                time.sleep(min(0.01, left))
            found += [json.loads(one.body) for one in got]
        return found

    def close(self) -> None:
        self._harness.run(self.pidbox.close(REPLIES, self.box))


class PidboxContract:
    def test_all_nodes_hear_a_command(self, harness: Harness) -> None:
        boxes = box_of(harness)
        nodes = [harness.another().ear(boxes.channel(CALLS)) for _ in range(3)]
        heard = harness.run(boxes.call(CALLS, message({"method": "ping"})))
        assert heard in (3, None)
        for node in nodes:
            letter = node.next()
            assert letter is not None
            read = boxes.read(letter[1])
            assert (json.loads(read.body), read.headers) == ({"method": "ping"}, {"clock": 1})

    def test_other_exchanges_are_not_heard(self, harness: Harness) -> None:
        boxes = box_of(harness)
        node = harness.ear(boxes.channel(CALLS))
        harness.run(boxes.call("other.pidbox", message("theirs")))
        harness.run(boxes.call(CALLS, message("ours")))
        letter = node.next()
        assert letter is not None
        assert json.loads(boxes.read(letter[1]).body) == "ours"

    def test_nobody_may_listen(self, harness: Harness) -> None:
        assert harness.run(box_of(harness).call(CALLS, message("hello?"))) in (0, None)

    def test_all_replies_come_to_the_caller(self, harness: Harness) -> None:
        caller = Caller(harness)
        for number in range(20):
            harness.another().run(caller.pidbox.answer(REPLIES, caller.box, message(number)))
        assert sorted(caller.heard(20)) == list(range(20))
        caller.close()

    def test_a_large_reply_comes_whole(self, harness: Harness) -> None:
        caller = Caller(harness)
        harness.run(caller.pidbox.answer(REPLIES, caller.box, message("x" * 2_000_000)))
        assert caller.heard(1) == ["x" * 2_000_000]
        caller.close()

    def test_replies_to_another_caller_are_not_heard(self, harness: Harness) -> None:
        mine, other = Caller(harness), Caller(harness)
        harness.run(mine.pidbox.answer(REPLIES, other.box, message("other")))
        harness.run(mine.pidbox.answer(REPLIES, mine.box, message("mine")))
        assert mine.heard(1) == ["mine"]
        assert other.heard(1) == ["other"]
        mine.close()
        other.close()

    def test_a_reply_nobody_waits_for_is_nothing(self, harness: Harness) -> None:
        caller = Caller(harness)
        caller.close()
        harness.run(caller.pidbox.answer(REPLIES, uuid(), message("too late")))

    def test_waiting_for_a_reply_has_an_end(self, harness: Harness) -> None:
        caller = Caller(harness)
        begin = time.monotonic()
        assert caller.heard(1, 0.2) == []
        assert 0.1 < time.monotonic() - begin < 30.0
        caller.close()
