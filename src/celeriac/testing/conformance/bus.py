"""What listeners of the bus hear, and what they do not."""

import threading

from celeriac.core.delivery import Action
from celeriac.core.record import Record

from .harness import Harness


class TellingContract:
    """What every bus does."""

    def test_an_ear_hears_its_channel(self, harness: Harness) -> None:
        ear = harness.ear("news")
        harness.run(harness.bus.tell("news", b"\x00\xffhello"))
        assert ear.next() == ("news", b"\x00\xffhello")

    def test_an_ear_hears_another_peer(self, harness: Harness) -> None:
        ear = harness.ear("news")
        other = harness.another()
        other.run(harness.bus.tell("news", b"hello"))
        assert ear.next() == ("news", b"hello")

    def test_an_ear_hears_only_its_channels(self, harness: Harness) -> None:
        ear = harness.ear("one", "two")
        for channel in ("three", "two", "four", "one"):
            harness.run(harness.bus.tell(channel, channel.encode()))
        assert [ear.next(), ear.next()] == [("two", b"two"), ("one", b"one")]

    def test_all_ears_of_a_channel_hear(self, harness: Harness) -> None:
        ears = [harness.ear("news"), harness.ear("news"), harness.another().ear("news")]
        harness.run(harness.bus.tell("news", b"hello"))
        assert [ear.next() for ear in ears] == [("news", b"hello")] * 3

    def test_what_is_told_comes_in_order(self, harness: Harness) -> None:
        ear = harness.ear("news")
        for number in range(50):
            harness.run(harness.bus.tell("news", b"%d" % number))
            assert ear.next() == ("news", b"%d" % number)
        for number in range(5):
            harness.run(harness.bus.tell("news", b"%d" % number))
        assert [ear.next() for _ in range(5)] == [("news", b"%d" % number) for number in range(5)]

    def test_nothing_is_kept_for_those_who_do_not_listen(self, harness: Harness) -> None:
        witness = harness.ear("news")
        harness.run(harness.bus.tell("news", b"too early"))
        assert witness.next() == ("news", b"too early")  # now it has been everywhere it goes
        ear = harness.ear("news")
        harness.run(harness.bus.tell("news", b"in time"))
        assert ear.next() == ("news", b"in time")

    def test_a_discarded_channel_is_not_heard(self, harness: Harness) -> None:
        ear = harness.ear("one", "two")
        ear.discard(["one"])
        harness.run(harness.bus.tell("one", b"1"))
        harness.run(harness.bus.tell("two", b"2"))
        harness.run(harness.bus.tell("two", b"3"))
        assert [ear.next(), ear.next()] == [("two", b"2"), ("two", b"3")]

    def test_channels_may_be_added_while_listening(self, harness: Harness) -> None:
        ear = harness.ear("one")
        ear.add("two")
        harness.run(harness.bus.tell("two", b"2"))
        assert ear.next() == ("two", b"2")

    def test_an_ear_waits_no_longer_than_its_timeout(self, harness: Harness) -> None:
        assert harness.ear("news").next(0.01) is None

    def test_a_waiting_ear_wakes_up(self, harness: Harness) -> None:
        ear = harness.ear("news")
        heard: list[tuple[str, bytes] | None] = []
        thread = threading.Thread(target=lambda: heard.append(ear.next()))
        thread.start()
        harness.run(harness.bus.tell("news", b"hello"))
        thread.join(60.0)
        assert heard == [("news", b"hello")]

    def test_a_large_payload_arrives_whole(self, harness: Harness) -> None:
        ear = harness.ear("news")
        payload = bytes(range(256)) * 4096
        harness.run(harness.bus.tell("news", payload))
        assert ear.next() == ("news", payload)

    def test_a_closed_ear_may_be_closed_again(self, harness: Harness) -> None:
        ear = harness.ear("news")
        ear.close()
        ear.close()


class BusContract(TellingContract):
    """For transports that keep results as well."""

    def test_an_ear_hears_that_a_record_was_stored(self, harness: Harness) -> None:
        """The payload heard is the record's or empty: who waits reads the store in both cases."""
        ear = harness.ear(harness.results.channel("a"))
        harness.run(harness.results.store([Record("b", "SUCCESS", b"2"), Record("a", "SUCCESS", b"1")]))
        heard = ear.next()
        assert heard is not None and heard[0] == harness.results.channel("a")
        assert heard[1] in (b"", b"1")

    def test_an_ear_hears_that_a_record_was_settled(self, harness: Harness) -> None:
        ear = harness.ear(harness.results.channel("a"))
        harness.publish("a")
        owner = harness.worker()
        harness.settle(owner, harness.take(owner), Action.ACK, record=Record("a", "SUCCESS", b"1"))
        heard = ear.next()
        assert heard is not None and heard[0] == harness.results.channel("a")
