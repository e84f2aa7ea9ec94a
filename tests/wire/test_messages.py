"""Messages recorded from real Celery are read right, and the same calls of ours give the same messages."""

import json as stdlib

import pytest

from celeriac.core.errors import ContentDisallowed, DecodeError
from celeriac.core.message import Message
from celeriac.wire import envelope, protocol1, protocol2, serializers
from celeriac.wire.protocol2 import TaskCall

from . import cases, vectors

RECORDED = vectors.load("messages")
EVERYTHING = serializers.accept_set(["json", "pickle", "yaml", "msgpack"])
ONE_BY_ONE = [(name, number) for name, raws in RECORDED.items() for number in range(len(raws))]
VERSION_2 = [(name, number) for name, number in ONE_BY_ONE if not name.startswith("protocol 1")]


def _document(raw):
    return stdlib.loads(raw)


def _expected(raw, call):
    """What the call must give: as recorded, ids and times taken over from there."""
    headers, properties = _document(raw)["headers"], _document(raw)["properties"]
    fields = {"id": headers["id"], "origin": headers["origin"], "reply_to": properties["reply_to"]}
    if call.get("expiration") or "eta" not in call:
        fields |= {"eta": headers["eta"], "expires": headers["expires"]}
    return fields | call


def _built(raw, task, args, kwargs, call):
    made = protocol2.build(TaskCall(name=task, args=args, kwargs=kwargs, **_expected(raw, call)))
    info = _document(raw)["properties"]["delivery_info"]
    tag = _document(raw)["properties"]["delivery_tag"]
    return envelope.encode_kombu(made, exchange=info["exchange"], routing_key=info["routing_key"], tag=tag)


@pytest.mark.parametrize("name", cases.CALLS)
def test_the_same_call_gives_the_same_message_in_the_same_order(name):
    (raw,) = RECORDED[name]
    task, args, kwargs, _, call = cases.CALLS[name]
    # send_task leaves ignore_result open where it is not given
    ours = _built(raw, task, args, kwargs, {"ignore_result": None} | call)
    assert list(_document(ours)) == list(_document(raw))
    assert stdlib.dumps(_document(ours)) == stdlib.dumps(_document(raw))


@pytest.mark.parametrize(("name", "number"), VERSION_2)
def test_a_message_that_was_read_can_be_written_again_unchanged(name, number):
    raw = RECORDED[name][number].encode()
    read = protocol2.parse(envelope.decode(raw), EVERYTHING)
    head, embed, properties = read.headers, read.embed, read.properties
    fields = {name: getattr(head, name) for name in ("shadow", "eta", "expires", "retries", "root_id", "parent_id")}
    fields |= {"argsrepr": head.argsrepr, "kwargsrepr": head.kwargsrepr, "origin": head.origin}
    fields |= {"group_id": head.group, "group_index": head.group_index, "stamps": head.stamps}
    fields |= {"stamped_headers": head.stamped_headers, "ignore_result": head.ignore_result}
    fields |= {name: getattr(embed, name) for name in embed.__struct_fields__}
    serializer = {"yaml": "yaml", "msgpack": "msgpack", "pickle": "pickle"}.get(name, "json")
    call = TaskCall(name=head.task, id=head.id, args=read.args, kwargs=read.kwargs, serializer=serializer, **fields)
    again = protocol2.build(call)
    if "compression" not in read.extra and envelope.decode(raw).content_type == "application/json":
        assert again.body == envelope.decode(raw).body
    kept = {name: value for name, value in _document(raw)["headers"].items() if name in again.headers}
    for name, value in again.headers.items():
        if name not in ("lang", "timelimit", "replaced_task_nesting"):
            assert value == kept[name]
    assert properties["correlation_id"] == _document(raw)["properties"]["correlation_id"]


@pytest.mark.parametrize(("name", "number"), ONE_BY_ONE)
def test_the_head_says_what_the_whole_message_says(name, number):
    raw = RECORDED[name][number].encode()
    whole = protocol2.parse(envelope.decode(raw), EVERYTHING)
    head = envelope.peek(raw, EVERYTHING)
    for field in ("task", "id", "eta", "expires", "retries", "root_id", "parent_id", "group", "stamped_headers"):
        assert getattr(head, field) == getattr(whole.headers, field), field
    assert head.timelimit == whole.headers.timelimit
    assert head.ignore_result is bool(whole.headers.ignore_result)
    assert head.correlation_id == whole.properties["correlation_id"]
    assert head.reply_to == whole.properties["reply_to"]
    assert head.priority == whole.properties["priority"]
    assert (head.redelivered, head.deliveries) == (False, 0)
    headers = _document(raw)["headers"]
    assert (head.argsrepr, head.kwargsrepr) == (headers.get("argsrepr"), headers.get("kwargsrepr"))


@pytest.mark.parametrize(("name", "number"), ONE_BY_ONE)
def test_the_packed_form_holds_the_same_message(name, number):
    raw = RECORDED[name][number].encode()
    message = envelope.decode(raw)
    packed = envelope.encode_packed(message, routing_key="celery", tag=message.properties["delivery_tag"])
    back = envelope.decode(packed)
    assert back.headers == message.headers
    assert back.body == message.body
    assert (back.content_type, back.content_encoding) == (message.content_type, message.content_encoding)
    assert envelope.peek(packed, EVERYTHING) == envelope.peek(raw, EVERYTHING)


def _listed(value):
    """Tuples arrive as lists."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


def test_arguments_arrive_as_they_were_sent():
    for name in ("rich arguments", "kwargs", "gzip", "bzip2", "lzma", "pickle", "yaml", "msgpack"):
        _, args, kwargs, _, _ = cases.CALLS[name]
        read = protocol2.parse(envelope.decode(RECORDED[name][0].encode()), EVERYTHING)
        assert read.args == list(args)
        assert _listed(read.kwargs) == _listed(kwargs)


def test_user_headers_are_extra_and_keep_their_types():
    read = protocol2.parse(envelope.decode(RECORDED["user headers"][0].encode()), EVERYTHING)
    assert read.extra == {"tenant": "é", "when": cases.dt.date(2020, 1, 2)}
    assert read.headers.lang == "go"


def test_links_chains_groups_and_chords_are_in_the_embed():
    def read(name):
        return [protocol2.parse(envelope.decode(raw.encode()), EVERYTHING) for raw in RECORDED[name]]

    (links,) = read("links")
    assert [sig["args"] for sig in links.embed.callbacks] == [[1]]
    assert [sig["immutable"] for sig in links.embed.errbacks] == [True]
    (first,) = read("chain")
    assert [sig["args"] for sig in first.embed.chain] == [[4], [3]]
    assert [task.headers.group_index for task in read("group")] == [0, 1]
    assert {task.embed.chord["task"] for task in read("chord")} == {"add"}
    (stamped,) = read("stamps")
    assert (stamped.headers.stamped_headers, stamped.headers.stamps) == (["customer"], {"customer": "c1"})


def test_protocol_1_is_read_from_the_body():
    read = protocol2.parse(envelope.decode(RECORDED["protocol 1"][0].encode()), EVERYTHING)
    assert (read.args, read.kwargs) == ([4, 4], {"k": 1})
    assert read.headers.timelimit == (3, None)
    assert read.headers.group == "g"
    assert read.headers.eta.endswith("+00:00")
    assert read.embed.callbacks[0]["task"] == "add"
    assert read.extra["utc"] is True


def test_protocol_1_is_written_as_celery_writes_it():
    document = _document(RECORDED["protocol 1"][0])
    message = envelope.decode(RECORDED["protocol 1"][0].encode())
    body = stdlib.loads(message.body)
    call = TaskCall(
        name="add",
        id=body["id"],
        args=(4, 4),
        kwargs={"k": 1},
        eta=body["eta"],
        expires=body["expires"],
        expiration=60,
        time_limit=3,
        group_id="g",
        callbacks=body["callbacks"],
        reply_to=document["properties"]["reply_to"],
    )
    made = protocol1.build(call)
    assert made.body == message.body
    raw = envelope.encode_kombu(made, routing_key="celery", tag=document["properties"]["delivery_tag"])
    assert stdlib.dumps(_document(raw)) == stdlib.dumps(document)


def test_a_pickle_is_not_read_unless_accepted():
    accept = serializers.accept_set(["json"])
    for name in ("pickle", "protocol 1, compressed pickle"):
        with pytest.raises(ContentDisallowed):
            protocol2.parse(envelope.decode(RECORDED[name][0].encode()), accept)


def test_the_head_of_a_pickled_protocol_1_message_is_a_decode_error():
    with pytest.raises(DecodeError, match="accept_content"):
        envelope.peek(RECORDED["protocol 1, compressed pickle"][0].encode())


def test_a_call_without_anything_special_needs_no_second_look():
    message = protocol2.build(TaskCall(name="add", id="i", args=(1, "a"), kwargs={"k": None}))
    embed = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}'
    assert message.body.decode() == f'[[1, "a"], {{"k": null}}, {embed}]'
    assert message.headers["argsrepr"] == "(1, 'a')"
    assert message.headers["root_id"] == "i"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"[[], {}]", b"{}", b"5", b'["ab", {}, {}]', b"[[], [], {}]", b"[[], {}, 5]", b'[[], {}, {"chain": 5}]'],
)
def test_a_body_of_another_form_is_a_decode_error(body):
    with pytest.raises(DecodeError):
        protocol2.parse(Message({"task": "t", "id": "i"}, {}, body), EVERYTHING)


@pytest.mark.parametrize("headers", [{"id": 5}, {"retries": "x"}, {"timelimit": [1]}, {"eta": {}}, {"stamps": []}])
def test_headers_of_another_form_are_a_decode_error(headers):
    with pytest.raises(DecodeError, match="headers are damaged"):
        protocol2.parse(Message({"task": "t", "id": "i", **headers}, {}, b"[[], {}, {}]"), EVERYTHING)


def test_null_in_a_header_means_it_was_not_given():
    headers = {"task": "t", "id": "i", "retries": None, "timelimit": None, "replaced_task_nesting": None}
    read = protocol2.parse(Message(headers, {}, b"[[], {}, null]"), EVERYTHING)
    assert (read.headers.retries, read.headers.timelimit) == (0, (None, None))


def test_an_unknown_compression_is_a_decode_error():
    headers = {"task": "t", "id": "i", "compression": "application/x-rar"}
    with pytest.raises(DecodeError, match="rar"):
        protocol2.parse(Message(headers, {}, b"x"), EVERYTHING)
