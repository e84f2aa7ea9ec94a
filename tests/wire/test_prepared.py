"""Prepared messages are the messages that their calls would become one by one."""

import msgspec
import pytest

from celeriac.core.ids import tag, uuid
from celeriac.wire import envelope, protocol2
from celeriac.wire.prepared import Lineage, Prepared
from celeriac.wire.task_message import TaskCall

ARGUMENTS = [((), {}), ((1, "a"), {}), ((), {"k": [None, "é"]}), ((b"\x00", 1.5), {"x": {"y": "z"}})]
CALLS = [
    {},
    {"priority": 3, "time_limit": 9, "soft_time_limit": 5, "ignore_result": True, "shadow": "s"},
    {"headers": {"mine": "é"}, "delivery_mode": 1},
    {"serializer": "pickle"},
    {"compression": "zlib"},
]


@pytest.mark.parametrize("lineage", [Lineage(), Lineage("root", "parent", 7)])
@pytest.mark.parametrize("fields", CALLS, ids=str)
@pytest.mark.parametrize(("args", "kwargs"), ARGUMENTS, ids=str)
def test_a_prepared_message_is_the_one_the_call_would_become(args, kwargs, fields, lineage):
    prepared = Prepared(TaskCall(name="t", id="", **fields)).message("id", args, kwargs, ("origin", "me"), lineage)
    call = TaskCall(
        name="t", id="id", args=args, kwargs=kwargs, origin="origin", reply_to="me",
        root_id=lineage.root_id, parent_id=lineage.parent_id, **{"priority": lineage.priority, **fields},
    )  # fmt: skip
    built = protocol2.build(call)
    assert msgspec.structs.replace(prepared, plain=False) == built
    assert list(prepared.headers) == list(built.headers)
    for encode in (envelope.encode_kombu, envelope.encode_packed):
        assert encode(prepared, routing_key="q", tag="t") == encode(built, routing_key="q", tag="t")


def test_what_one_message_holds_can_be_changed_without_the_next_one_noticing():
    prepared = Prepared(TaskCall(name="t", id=""))
    first = prepared.message("1", (), {}, ("o", "r"))
    first.headers["stamps"]["x"] = 1
    first.headers["timelimit"].append(2)
    first.properties["x"] = 1
    second = prepared.message("2", (), {}, ("o", "r"))
    assert (second.headers["stamps"], second.headers["timelimit"]) == ({}, [None, None])
    assert "x" not in second.properties


def test_headers_that_encoders_write_differently_are_not_called_plain():
    assert Prepared(TaskCall(name="t", id="")).message("1", (), {}, ("o", "r")).plain
    odd = Prepared(TaskCall(name="t", id="", headers={"h": b"bytes"})).message("1", (), {}, ("o", "r"))
    assert not odd.plain
    assert envelope.decode(envelope.encode_kombu(odd)).headers["h"] == b"bytes"


def test_tags_look_like_ids_and_never_come_twice():
    tags = [tag() for _ in range(1000)]
    assert len({*tags, uuid()}) == 1001
    assert {len(one) for one in tags} == {36}
