"""Long chains travel unread: what nobody looked at is sent on as it came, and what somebody changed is written anew."""

import json
import pickle

import msgspec
import pytest

from celeriac.wire import envelope, protocol2, serializers
from celeriac.wire.links import LONG, Links, chain_from
from celeriac.wire.protocol2 import TaskCall


def link(number):
    return {"task": "add", "args": [number], "kwargs": {}, "options": {}, "subtask_type": None, "immutable": False}


@pytest.fixture
def links():
    raws = msgspec.json.decode(json.dumps([link(number) for number in range(LONG)]), type=list[msgspec.Raw])
    return chain_from(raws)


def test_a_short_chain_is_a_list():
    assert chain_from([msgspec.Raw(json.dumps(link(1)).encode())]) == [link(1)]
    assert chain_from(None) is None


def test_the_rest_is_written_as_it_came(links):
    assert isinstance(links, Links)
    assert json.loads(links[:-1].written()) == [link(number) for number in range(LONG - 1)]


def test_what_was_changed_is_written_changed(links):
    links[2]["options"]["queue"] = "x"
    links.pop()
    links.append(link(99))
    written = json.loads(links.written())
    assert written[2]["options"] == {"queue": "x"}
    assert (written[-1], len(written)) == (link(99), LONG)


def test_it_is_a_list_to_whoever_uses_it(links):
    assert links == [link(number) for number in range(LONG)]
    assert ([link(7), *links])[0] == link(7)
    assert ([link(7)] + links)[1] == link(0)  # noqa: RUF005 - as programs write it
    assert (links + [link(7)])[-1] == link(7)  # noqa: RUF005
    assert pickle.loads(pickle.dumps(links)) == list(links)
    del links[0]
    links[0] = link(5)
    assert (links[0], len(links)) == (link(5), LONG - 1)


@pytest.mark.parametrize("serializer", ["json", "pickle", "yaml"])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_message_carries_it_like_a_list(links, serializer, compression):
    def sent(chain):
        call = TaskCall(
            name="add",
            id="i",
            args=(1,),
            kwargs={"a": 1},
            errbacks=[link(3)],
            chain=chain,
            chord=link(4),
            serializer=serializer,
            compression=compression,
        )
        message = envelope.decode(envelope.encode_kombu(protocol2.build(call)))
        return protocol2.parse(message, serializers.accept_set([serializer])).embed

    assert sent(links) == sent([link(number) for number in range(LONG)])
