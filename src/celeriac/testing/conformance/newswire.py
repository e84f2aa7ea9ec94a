"""What events ask of a transport: who listens to a pattern hears all that fit it, whole and in order; nobody else."""

import json
from typing import Any

from celeriac.core.message import Message
from celeriac.core.ports.newswire import Newswire
from celeriac.events.buswire import newswire

from .harness import Harness, present
from .peer import EarFace

EVENTS = "conformance.ev"


def wire_of(harness: Harness) -> Newswire:
    """The transport's own, or the one over its bus."""
    transport = harness.peer.transport
    return present(newswire(transport, transport.bus))


def message(said: Any) -> Message:
    return Message({"hostname": "w1@here"}, {"delivery_mode": 1}, json.dumps(said).encode())


def heard(wire: Newswire, ear: EarFace) -> Any:
    letter = ear.next()
    assert letter is not None
    return json.loads(wire.read(letter[1]).body)


class NewswireContract:
    def test_all_listeners_hear_an_event_as_it_was_told(self, harness: Harness) -> None:
        wire = wire_of(harness)
        ears = [harness.another().ear(wire.channel(EVENTS, "#")) for _ in range(2)]
        harness.run(wire.tell(EVENTS, "worker.online", message({"type": "worker-online"})))
        for ear in ears:
            letter = ear.next()
            assert letter is not None
            read = wire.read(letter[1])
            assert (json.loads(read.body), read.headers) == ({"type": "worker-online"}, {"hostname": "w1@here"})
            assert read.content_type == "application/json"

    def test_a_pattern_lets_through_what_fits(self, harness: Harness) -> None:
        wire = wire_of(harness)
        workers, sent = (harness.ear(wire.channel(EVENTS, pattern)) for pattern in ("worker.#", "task.sent"))
        for number in range(3):
            harness.run(wire.tell(EVENTS, "worker.heartbeat", message(f"heartbeat {number}")))
            harness.run(wire.tell(EVENTS, "task.sent", message(f"sent {number}")))
        # Others may be heard besides: listeners look again.
        for ear, word in ((workers, "heartbeat"), (sent, "sent")):
            found: list[str] = []
            while len(found) < 3:
                said = heard(wire, ear)
                found += [said] if said.startswith(word) else []
            assert found == [f"{word} {number}" for number in range(3)]

    def test_one_ear_may_listen_to_several_exchanges(self, harness: Harness) -> None:
        wire = wire_of(harness)
        ear = harness.ear(wire.channel(EVENTS, "#"), wire.channel("others.ev", "#"))
        harness.run(wire.tell("others.ev", "task.sent", message("theirs")))
        assert heard(wire, ear) == "theirs"
        harness.run(wire.tell(EVENTS, "task.sent", message("ours")))
        assert heard(wire, ear) == "ours"
        ear.discard([wire.channel("others.ev", "#")])
        harness.run(wire.tell("others.ev", "task.sent", message("no more")))
        harness.run(wire.tell(EVENTS, "task.sent", message("still ours")))
        assert heard(wire, ear) == "still ours"

    def test_other_exchanges_are_not_heard(self, harness: Harness) -> None:
        wire = wire_of(harness)
        ear = harness.ear(wire.channel(EVENTS, "#"))
        harness.run(wire.tell("others.ev", "task.sent", message("theirs")))
        harness.run(wire.tell(EVENTS, "task.sent", message("ours")))
        assert heard(wire, ear) == "ours"

    def test_nobody_may_listen(self, harness: Harness) -> None:
        harness.run(wire_of(harness).tell(EVENTS, "task.sent", message("hello?")))

    def test_how_many_heard_it_is_said_or_is_said_to_be_unknown(self, harness: Harness) -> None:
        wire = wire_of(harness)
        assert harness.run(wire.tell(EVENTS, "task.multi", message("nobody"))) in (0, None)
        for number in (1, 2):
            harness.another().ear(wire.channel(EVENTS, "#"))
            assert harness.run(wire.tell(EVENTS, "task.multi", message("somebody"))) in (number, None)

    def test_many_come_in_order_and_a_large_one_whole(self, harness: Harness) -> None:
        wire = wire_of(harness)
        ear = harness.ear(wire.channel(EVENTS, "task.#"))
        for start in range(0, 60, 5):
            for number in range(start, start + 5):
                harness.run(wire.tell(EVENTS, "task.multi", message([number])))
            assert [heard(wire, ear) for _ in range(5)] == [[start + number] for number in range(5)]
        harness.run(wire.tell(EVENTS, "task.multi", message("x" * 1_000_000)))
        assert heard(wire, ear) == "x" * 1_000_000
