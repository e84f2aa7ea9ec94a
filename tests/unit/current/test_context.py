"""The request's attributes."""

import pickle

import pytest

from celeriac.current import Context


def test_defaults_are_celerys() -> None:
    request = Context()
    assert (request.retries, request.called_directly, request.is_eager, request.replaced_task_nesting) == (
        0,
        True,
        False,
        0,
    )
    assert (request.id, request.args, request.group, request.headers, request.delivery_info) == (None,) * 5
    assert request.children == []
    assert request.outbox is None


def test_an_unknown_attribute_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="'nope'"):
        Context().nope  # noqa: B018
    assert Context().get("nope", 5) == 5
    assert not hasattr(Context(), "nope")


def test_update_and_clear() -> None:
    request = Context({"id": 1}, my="own")
    assert (request.id, request.my, request.get("my")) == (1, "own", "own")
    request.update(id=2)
    request.update({"retries": 3})
    assert (request.id, request.retries) == (2, 3)
    request.clear()
    assert (request.id, request.retries) == (None, 0)


def test_attributes_of_the_message_are_worked_out_when_asked_for() -> None:
    request = Context.adopt(
        {
            "timelimit": [10, 5],
            "properties": {
                "reply_to": "r",
                "correlation_id": "c",
                "priority": 3,
                "delivery_info": {"exchange": "e", "routing_key": "k", "redelivered": True},
            },
        }
    )
    assert (request.time_limit, request.soft_time_limit, request.reply_to, request.correlation_id) == (10, 5, "r", "c")
    info = {"exchange": "e", "routing_key": "k", "priority": 3, "redelivered": True}
    assert request.delivery_info == info


def test_an_attribute_that_was_set_is_not_worked_out() -> None:
    request = Context(reply_to="mine", properties={"reply_to": "theirs"})
    assert request.reply_to == "mine"


def test_headers_are_what_the_sender_added_and_nothing_that_brokers_did() -> None:
    fields = {"id": "i", "task": "t", "lang": "py", "argsrepr": "()", "origin": "o", "my": "own", "a": 1,
              "stamps": {"a": 1}, "x-death": [], "celeriac-deliveries": 2, "redelivered": True}  # fmt: skip
    assert Context(fields).headers == {"my": "own"}


def test_execution_options_are_those_celery_copies_to_a_retry() -> None:
    request = Context(
        id="i", chain=[3], group="g", callbacks=[1], errbacks=[2], timelimit=[10, 5], stamped_headers=["a"],
        stamps={"a": 1}, headers={"h": 1}, reply_to="r", expires="2020", retries=3,
    )  # fmt: skip
    assert request.as_execution_options() == {
        "task_id": "i", "root_id": None, "parent_id": None, "group_id": "g", "group_index": None, "shadow": None,
        "chord": None, "chain": [3], "link": [1], "link_error": [2], "expires": "2020", "soft_time_limit": 5,
        "time_limit": 10, "headers": {"h": 1}, "retries": 3, "reply_to": "r", "replaced_task_nesting": 0,
        "origin": None, "stamped_headers": ["a"], "a": 1,
    }  # fmt: skip


def test_children_are_kept() -> None:
    request = Context()
    request.children.append("child")
    assert request.children == ["child"]


def test_a_request_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(Context(id="i", my="own", called_directly=False)))
    assert (again.id, again.my, again.called_directly) == ("i", "own", False)
