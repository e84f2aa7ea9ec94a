"""Options, key names, routing and entries of the Redis transport: pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.adapters.redis import RedisTransport, unacked
from celeriac.adapters.redis.keys import Keys
from celeriac.adapters.redis.options import RedisOptions, parse_options
from celeriac.adapters.redis.packing import _pack_python, pack
from celeriac.adapters.redis.results import result_prefix
from celeriac.adapters.redis.routing import matches, pattern, queues_bound
from celeriac.adapters.redis.slots import Round, SlotMap, slot
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import TransportOptions


def test_every_option_of_kombu_is_accepted() -> None:
    given = {
        "visibility_timeout": 43200,
        "sep": ":",
        "ack_emulation": True,
        "unacked_key": "u",
        "unacked_index_key": "ui",
        "unacked_mutex_key": "um",
        "unacked_mutex_expire": 300,
        "unacked_restore_limit": None,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 10,
        "fanout_prefix": "/{db}.x",
        "fanout_patterns": False,
        "global_keyprefix": "mine",
        "priority_steps": [0, 5],
        "queue_order_strategy": "priority",
        "max_connections": 20,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "socket_keepalive_options": {4: 30},
        "health_check_interval": 10,
        "retry_on_timeout": True,
        "client_name": "me",
        "body_encoding": "base64",
        "deadletter_queue": None,
        "master_name": "mymaster",
        "min_other_sentinels": 1,
        "sentinel_kwargs": {"password": "x"},
        "max_retries": 3,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 1,
    }
    options = parse_options(given)
    assert (options.priority_steps, options.visibility_timeout, options.max_connections) == ((0, 5), 43200.0, 20)


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="'visibilty_timeout'; did you mean 'visibility_timeout'"):
        RedisTransport("redis://", TransportOptions(options={"visibilty_timeout": 1}))


@pytest.mark.parametrize(
    "options", [{"visibility_timeout": "soon"}, {"priority_steps": [3, 0]}, {"queue_order_strategy": "best"}]
)
def test_a_wrong_value_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ImproperlyConfigured):
        parse_options(options)


def test_making_a_transport_does_no_io() -> None:
    RedisTransport("redis://nowhere.invalid:1/0")


@pytest.mark.parametrize(("given", "prefix"), [("", ""), ("mine", "mine_"), ("mine:", "mine:"), ("mine.", "mine.")])
def test_the_prefix_of_results_is_separated(given: str, prefix: str) -> None:
    assert result_prefix(given) == prefix


def test_a_cluster_keeps_all_queues_in_one_slot() -> None:
    transport = RedisTransport("redis+cluster://host", TransportOptions(options={"global_keyprefix": "mine"}))
    names = [*transport.keys.lines("a"), *transport.keys.lines("b"), transport.keys.unacked, transport.keys.lease("x")]
    assert len({slot(name) for name in names}) == 1
    assert transport.results.channel("x") == "mine_celery-task-meta-x"


def test_the_fanout_channel_has_the_database_in_it() -> None:
    keys = Keys(RedisOptions(), "", 3)
    assert keys.fanout("celeryev", "worker.heartbeat") == "/3.celeryev/worker.heartbeat"
    assert Keys(RedisOptions(fanout_prefix=False, fanout_patterns=False), "", 3).fanout("celeryev", "x") == "celeryev"


def test_a_topic_pattern_is_the_expression_kombu_stores() -> None:
    assert pattern("a.*.b.#") == r"^a\.[^\.]+\.b\..*?$"


@pytest.mark.parametrize(
    ("binding", "key", "expected"),
    [
        ("#", "", True),
        ("#", "a.b", True),
        ("a.#", "a", True),
        ("a.#", "a.b.c", True),
        ("a.#", "b", False),
        ("#.z", "z", True),
        ("a.#.z", "a.b.c.z", True),
        ("a.#.z", "a.b.c", False),
        ("*", "a", True),
        ("*", "a.b", False),
        ("a.*", "a", False),
        ("a.*.c", "a.b.c", True),
    ],
)
def test_topics_match_as_amqp_says(binding: str, key: str, expected: bool) -> None:
    assert matches(binding, key) is expected


WORDS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5)


@given(WORDS, st.lists(st.sampled_from(["a", "b", "*", "#"]), min_size=1, max_size=5))
def test_topics_match_like_the_obvious_slow_way(words: list[str], binding: list[str]) -> None:
    def slow(binding: list[str], words: list[str]) -> bool:
        if not binding:
            return not words
        if binding[0] == "#":
            return any(slow(binding[1:], words[i:]) for i in range(len(words) + 1))
        return bool(words) and binding[0] in ("*", words[0]) and slow(binding[1:], words[1:])

    assert matches(".".join(binding), ".".join(words)) is slow(binding, words)


def test_bound_queues_are_named_once_and_in_order() -> None:
    sep = "\x06\x16"
    bound = [
        f"{key}{sep}{pattern(key)}{sep}{queue}".encode() for key, queue in [("a.#", "z"), ("#.b", "z"), ("#", "y")]
    ]
    assert queues_bound(bound, sep, "a.b") == ["y", "z"]


@given(st.text(min_size=1))
def test_an_entry_can_be_taken_apart_again(queue: str) -> None:
    raw = b'{"body": "", "headers": {"x": "\\", \\"\\", "}}'
    try:
        value = b"[" + raw + unacked.suffix(queue).encode()
    except UnicodeEncodeError:
        return  # lone surrogates are no queue name
    assert unacked.parse(value) == (raw, "", queue)


def test_an_entry_that_is_no_json_can_be_taken_apart_too() -> None:
    assert unacked.parse(b"[\xff\x00" + unacked.suffix("q").encode()) == (b"\xff\x00", "", "q")


def test_an_entry_of_kombu_can_be_read() -> None:
    assert unacked.parse(b'[{"body": "x"}, "ex", "rk"]') == (b'{"body": "x"}', "ex", "rk")


@given(st.lists(st.one_of(st.text(), st.binary(), st.integers(-(2**60), 2**60)), min_size=1))
def test_packing_without_hiredis_gives_the_same_bytes(arguments: list[str | bytes | int]) -> None:
    try:
        expected = pack((("SET", *arguments),))
    except UnicodeEncodeError:
        return
    assert _pack_python(("SET", *arguments)) == expected


def test_commands_go_to_the_node_that_serves_their_key() -> None:
    reply = [[0, 8191, [b"127.0.0.1", 1, b"id"]], [8192, 16383, [b"", 2, b"id"]]]
    slots = SlotMap(reply, asked=RedisTransport("redis://asked:9").place.servers[0])
    commands = (("GET", "foo"), ("EVALSHA", "x", 1, "bar"), ("PING",))
    groups = Round(commands, home=0).groups(slots)
    assert slot("foo") == 12182
    assert slot("bar") == 5061
    assert [(server.host, server.port, numbers) for server, numbers, _ in groups] == [
        ("asked", 2, [0]),
        ("127.0.0.1", 1, [1, 2]),
    ]


def test_redelivery_is_seen_in_the_envelope_only() -> None:
    assert unacked.redelivered(b'{"headers": {"redelivered": true}}')
    assert unacked.redelivered(b'{"headers":{"redelivered":true}}')
    assert not unacked.redelivered(b'{"headers":{"redelivered":false}}')
    assert not unacked.redelivered(rb'{"headers":{"argsrepr":"\"redelivered\": true"}}')


@pytest.mark.parametrize(
    ("eta", "keeps"),
    [
        ("2033-05-18T03:33:20+00:00", True),
        ("2033-05-18T09:03:20+05:30", True),
        ("2033-05-18T03:33:19.999900+00:00", True),  # a float may be that much later
        ("2033-05-18T03:33:21+00:00", True),
        ("2033-05-18T03:33:19.9+00:00", False),
        ("2033-05-18T03:33:20", False),  # whose?
        ("soon", False),
        (None, False),
    ],
)
def test_a_message_keeps_its_time_itself_if_it_says_it_and_so_that_everybody_understands_it(
    eta: str | None, keeps: bool
) -> None:
    assert unacked.timed(eta, 2_000_000_000.0) is keeps
