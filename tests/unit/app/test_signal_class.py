"""Signals: who is called, for whom, and what happens to what receivers raise."""

import gc
import logging

import pytest

from celeriac.core.signals import Signal


def test_receivers_are_called_in_order_with_signal_and_sender() -> None:
    signal, heard = Signal(("x",), "s"), []

    @signal.connect
    def first(signal, sender, x, **kwargs):
        heard.append(("first", signal.name, sender, x))
        return 1

    @signal.connect()
    def second(**kwargs):
        heard.append(("second",))

    assert signal.send(sender="me", x=3) == [(first, 1), (second, None)]
    assert heard == [("first", "s", "me", 3), ("second",)]


def test_a_receiver_of_one_sender_hears_no_other() -> None:
    signal, heard = Signal(), []

    @signal.connect(sender="a")
    def receiver(sender, **kwargs):
        heard.append(sender)

    signal.send(sender="b")
    signal.send(sender="".join(["a"]))
    assert heard == ["a"]


def test_has_listeners_follows_connect_and_disconnect() -> None:
    signal = Signal()

    def receiver(**kwargs): ...

    assert not signal.has_listeners
    signal.connect(receiver)
    assert signal.has_listeners
    assert signal.disconnect(receiver)
    assert not signal.has_listeners
    assert not signal.disconnect(receiver)


def test_a_receiver_that_nobody_keeps_is_forgotten() -> None:
    signal = Signal()

    def connect():
        def receiver(**kwargs): ...

        signal.connect(receiver)

    connect()
    gc.collect()
    assert not signal.has_listeners


def test_a_strong_receiver_is_kept() -> None:
    signal = Signal()
    signal.connect(lambda **kwargs: 5, weak=False)
    gc.collect()
    assert [response for _, response in signal.send(sender=None)] == [5]


def test_bound_methods_are_held_weakly_by_their_object() -> None:
    signal = Signal()

    class Owner:
        def receiver(self, **kwargs):
            return "here"

    owner = Owner()
    signal.connect(owner.receiver)
    assert [response for _, response in signal.send(sender=None)] == ["here"]
    del owner
    gc.collect()
    assert not signal.has_listeners


def test_the_same_dispatch_uid_connects_once() -> None:
    signal = Signal()
    signal.connect(lambda **kwargs: 1, weak=False, dispatch_uid="u")
    signal.connect(lambda **kwargs: 2, weak=False, dispatch_uid="u")
    assert [response for _, response in signal.send(sender=None)] == [1]
    assert signal.disconnect(dispatch_uid="u")


def test_what_a_receiver_raises_is_logged_and_returned(caplog: pytest.LogCaptureFixture) -> None:
    signal = Signal(name="unlucky")
    error = ValueError("no")

    @signal.connect
    def bad(**kwargs):
        raise error

    @signal.connect
    def good(**kwargs):
        return "fine"

    with caplog.at_level(logging.ERROR):
        responses = signal.send(sender=None)
    assert responses == [(bad, error), (good, "fine")]
    assert "unlucky" in caplog.text


def test_a_retried_receiver_is_called_again() -> None:
    signal, calls = Signal(), []

    @signal.connect(retry=True)
    def receiver(**kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise OSError("once")
        return "done"

    assert [response for _, response in signal.send(sender=None)] == ["done"]


@pytest.mark.parametrize("receiver", [lambda: 1, lambda sender: 1])
def test_receivers_must_accept_any_keyword(receiver) -> None:
    with pytest.raises(ValueError, match="kwargs"):
        Signal().connect(receiver)


def test_receivers_must_be_callable() -> None:
    with pytest.raises(TypeError, match="callable"):
        Signal().connect("no")  # type: ignore[call-overload]
