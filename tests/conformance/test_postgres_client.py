"""What clients of one PostgreSQL do to each other: processes that start at once, forks, threads, deadlocks, schemas."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from celeriac.adapters.postgres import PostgresTransport
from celeriac.adapters.postgres.request import Part as TransactionPart
from celeriac.adapters.postgres.request import Statement, Work, Write
from celeriac.core.bindings import Binding
from celeriac.core.delivery import Action, Settlement
from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.join import Count, Counted, OpenJoin, Part, Sequel
from celeriac.core.message import Exchange, Post, Queue, Route
from celeriac.core.ports import TransportOptions
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import message, post
from celeriac.wire import envelope
from servers.postgres_server import PostgresServer

from .postgres_tables import emptied, postgres

__all__ = ["postgres"]


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return emptied(postgres)


@pytest.fixture
def transport(url: str) -> Iterator[PostgresTransport]:
    transport = PostgresTransport([url], TransportOptions(pool_limit=2, connect_timeout=30.0))
    yield transport
    transport.link().close()


def count(transport: PostgresTransport, queue: str = "celery") -> int:
    return transport.link().run(transport.broker.count([queue]), 60.0)[queue]


def claimed(transport: PostgresTransport, queue: str = "celery", limit: int = 1000) -> list[str]:
    """The ids of what is there, claimed by somebody who has just begun."""
    owner = os.urandom(8).hex()
    transport.link().run(transport.lease.acquire(f"worker/{owner}", owner, 600.0), 60.0)
    claim = transport.link().run(transport.broker.claim(owner, [Queue(queue)], limit), 60.0)
    return [envelope.peek(delivery.raw).id for delivery in claim.deliveries]


PUBLISH_ONE = """
import sys
from celeriac.adapters.postgres import PostgresTransport
from celeriac.testing.conformance.harness import post
transport = PostgresTransport([sys.argv[1]])
sys.stdin.read()
transport.link().run(transport.broker.publish([post(sys.argv[2])]), 60.0)
transport.link().close()
"""


def test_processes_that_start_at_once_make_one_schema(postgres: PostgresServer) -> None:
    url = postgres.url(schema="at_once")
    command = [sys.executable, "-c", PUBLISH_ONE, url]
    processes = [subprocess.Popen([*command, f"n{number}"], stdin=subprocess.PIPE) for number in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()  # all are at the same line now, or will come there with the others
    assert [process.wait(120) for process in processes] == [0] * 4
    transport = PostgresTransport([url])
    assert sorted(claimed(transport)) == ["n0", "n1", "n2", "n3"]
    transport.link().close()


FORK = """
import os, sys
from celeriac.adapters.postgres import PostgresTransport
from celeriac.testing.conformance.harness import post
transport = PostgresTransport([sys.argv[1]])
link = transport.link()

def publish(name):
    for number in range(20):
        link.run(transport.broker.publish([post(f"{name}{number}")]), 60.0)

publish("before")
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        publish(f"child{number}")
        link.close()
        os._exit(0)
    children.append(child)
publish("parent")
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
publish("after")
link.close()
"""


def test_a_link_works_on_both_sides_of_a_fork(url: str, transport: PostgresTransport) -> None:
    done = subprocess.run([sys.executable, "-c", FORK, url], timeout=200, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert count(transport) == 100


def test_threads_share_a_few_connections(postgres: PostgresServer, transport: PostgresTransport) -> None:
    def connections() -> set[int]:
        found = postgres.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'celeriac'")
        return {pid for (pid,) in found}

    others = connections()  # of tests that are over, which the server need not have ended yet

    def publish(place: int) -> None:
        for number in range(25):
            transport.link().run(transport.broker.publish([post(f"{place}-{number}")]), 60.0)

    threads = [threading.Thread(target=publish, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100.0)
    assert count(transport) == 150
    assert len(connections() - others) <= 2


def test_transactions_in_each_others_way_are_done_again(url: str, transport: PostgresTransport) -> None:
    """Each locks one row, waits until the other has locked the other one, and wants that, too."""
    both = threading.Barrier(2)
    met = threading.Event()

    def flow(first: str, second: str) -> Flow[None]:
        def step(work: Work) -> TransactionPart[None]:
            move = "UPDATE counters SET value = value + 1 WHERE name = %s"
            yield [Statement(move, (first,))]
            if not met.is_set():
                both.wait(60.0)
                met.set()
            yield work.last(Statement(move, (second,)))

        yield Write(step)

    def run(first: str, second: str) -> None:
        transport.link().run(flow(first, second), 60.0)

    before = counters(transport)
    for turn in range(1, 4):
        both.reset()
        met.clear()
        pairs = (("bindings", "revoked"), ("revoked", "bindings"))
        threads = [threading.Thread(target=run, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(100.0)
        assert counters(transport) == {name: value + 2 * turn for name, value in before.items()}


def counters(transport: PostgresTransport) -> dict[str, int]:
    def read() -> Flow[dict[str, int]]:
        def step(work: Work) -> TransactionPart[dict[str, int]]:
            (found,) = yield work.last(Statement("SELECT name, value FROM counters"))
            return dict(found.rows)

        return (yield Write(step))

    return transport.link().run(read(), 60.0)


def test_what_one_binds_the_other_knows_with_its_next_message(url: str, transport: PostgresTransport) -> None:
    exchange = Exchange("news", "fanout")
    news = [Post(message("first"), Route("", "news", "fanout"))]
    other = PostgresTransport([url])
    other.link().run(other.broker.declare([Queue("a", exchange)]), 60.0)
    transport.link().run(transport.broker.publish(news), 60.0)
    other.link().run(other.broker.declare([Queue("b", exchange)]), 60.0)
    transport.link().run(transport.broker.publish(news), 60.0)
    assert (count(transport, "a"), count(transport, "b")) == (2, 1)
    with pytest.raises(OperationalError, match="nowhere"):
        transport.link().run(transport.broker.publish([*news, Post(message("x"), Route("key", "nowhere"))]), 60.0)
    assert count(transport, "a") == 2  # all or none
    other.link().close()


def test_all_bindings_are_told(transport: PostgresTransport) -> None:
    queues = [Queue("mails", Exchange("mails"), "mails"), Queue("sport", Exchange("news", "topic"), "news.#.sport")]
    transport.link().run(transport.broker.declare(queues), 60.0)
    assert transport.link().run(transport.bound.bindings(), 60.0) == (
        Binding("mails", "direct", "mails", "mails"),
        Binding("news", "topic", "news.#.sport", "sport"),
    )


def test_what_is_stored_for_one_id_in_one_batch_is_its_success(transport: PostgresTransport) -> None:
    link, broker = transport.link(), transport.broker
    link.run(transport.lease.acquire("worker/me", "me", 600.0), 60.0)
    link.run(broker.publish([post("a"), post("b"), post("c")]), 60.0)
    deliveries = link.run(broker.claim("me", [Queue("celery")], 3), 60.0).deliveries
    records = [Record("same", state, state.encode()) for state in ("RETRY", "SUCCESS", "FAILURE")]
    batch = [Settlement(one, Action.ACK, record) for one, record in zip(deliveries, records, strict=True)]
    assert link.run(broker.settle("me", batch), 60.0) == (True, True, True)
    assert link.run(transport.results.fetch(["same"]), 60.0) == (b"SUCCESS",)


def test_more_than_one_statement_may_carry_is_published_whole_or_not_at_all(
    postgres: PostgresServer, transport: PostgresTransport
) -> None:
    exchange = Exchange("large", "direct")
    transport.link().run(transport.broker.declare([Queue("celery", exchange, "key")]), 60.0)
    large = [Post(message(f"n{n}", body=bytes(3_000_000)), Route("key", "large")) for n in range(7)]
    transport.link().run(transport.broker.publish(large), 60.0)
    assert claimed(transport) == [f"n{n}" for n in range(7)]
    postgres.execute("ALTER TABLE celeriac.messages ADD CONSTRAINT not_bad CHECK (queue <> 'bad')")
    with pytest.raises(OperationalError, match="not_bad"):
        transport.link().run(transport.broker.publish([*large, post("bad", queue="bad")]), 60.0)
    postgres.execute("ALTER TABLE celeriac.messages DROP CONSTRAINT not_bad")
    assert count(transport) == 0


@pytest.mark.parametrize("name", ["with\0nul", "half \ud800", "x" * 1000])
def test_a_queue_name_that_can_not_be_stored_is_refused(transport: PostgresTransport, name: str) -> None:
    with pytest.raises(OperationalError, match="can't be used"):
        transport.link().run(transport.broker.publish([post("a"), post("b", queue=name)]), 60.0)
    assert count(transport) == 0


@pytest.mark.parametrize("id", ["with\0nul", "half \ud800", "größer " * 1000])
def test_ids_of_tasks_and_groups_may_be_anything(transport: PostgresTransport, id: str) -> None:
    """Whoever made such a message must not keep a worker from settling it, and all others with it."""
    link, broker = transport.link(), transport.broker
    link.run(broker.publish([post("a")]), 60.0)
    link.run(transport.lease.acquire("worker/me", "me", 600.0), 60.0)
    (delivery,) = link.run(broker.claim("me", [Queue("celery")], 1), 60.0).deliveries
    ear = link.listen()
    ear.add([transport.results.channel(id)])
    lost = post("b", queue="not\0storable", priority=1 << 50)
    sequel = Sequel((), (Record(id, "SUCCESS", b"group", "group"),), (OpenJoin(id, 1),))
    ended = Settlement(delivery, Action.ACK, Record(id, "SUCCESS", b"1"), (lost,), sequels=(sequel,))
    assert link.run(broker.settle("me", [ended]), 60.0) == (True,)
    assert ear.next(60.0) == (transport.results.channel(id), b"")
    assert link.run(transport.results.fetch([id, "other"]), 60.0) == (b"1", None)
    counted = link.run(transport.joins.part(Part(id, id, 0, b"part", "me")), 60.0)
    assert counted == Counted(Count.COMPLETE, (b"part",))
    assert link.run(transport.joins.close(id, "me"), 60.0)
    (letter,) = link.run(transport.dead.letters(), 60.0)
    assert envelope.peek(letter.raw).id == "b"
    ear.close()


def test_a_reason_may_hold_anything(transport: PostgresTransport) -> None:
    link, broker = transport.link(), transport.broker
    link.run(broker.publish([post("a")]), 60.0)
    link.run(transport.lease.acquire("worker/me", "me", 600.0), 60.0)
    (delivery,) = link.run(broker.claim("me", [Queue("celery")], 1), 60.0).deliveries
    assert link.run(broker.settle("me", [Settlement(delivery, Action.DEAD, reason="nul \0 ü")]), 60.0) == (True,)
    assert [letter.reason for letter in link.run(transport.dead.letters(), 60.0)] == ["nul \\0 ü"]


def test_two_schemas_of_one_database_know_nothing_of_each_other(url: str, transport: PostgresTransport) -> None:
    other = PostgresTransport([url], TransportOptions(options={"schema": "another"}))
    assert not transport.settles(other)
    assert transport.settles(PostgresTransport([url]))
    ear = other.link().listen()
    ear.add(["news"])
    transport.link().run(transport.broker.publish([post("a")]), 60.0)
    transport.link().run(transport.bus.tell("news", b"ours"), 60.0)
    other.link().run(other.bus.tell("news", b"theirs"), 60.0)
    assert ear.next(60.0) == ("news", b"theirs")
    assert (count(transport), count(other)) == (1, 0)
    ear.close()
    other.link().close()


def test_tables_of_something_else_are_left_alone(postgres: PostgresServer) -> None:
    postgres.execute("CREATE SCHEMA IF NOT EXISTS taken; CREATE TABLE IF NOT EXISTS taken.messages (theirs text)")
    taken = PostgresTransport([postgres.url(schema="taken")])
    with pytest.raises(OperationalError, match="tables of something else"):
        taken.link().run(taken.broker.publish([post("a")]), 60.0)
    assert postgres.execute("SELECT count(*) FROM taken.messages") == [(0,)]


def test_a_schema_of_a_newer_release_is_left_alone(postgres: PostgresServer) -> None:
    newer = PostgresTransport([postgres.url(schema="newer")])
    assert count(newer) == 0
    newer.link().close()
    postgres.execute("UPDATE newer.celeriac_version SET version = 99")
    with pytest.raises(OperationalError, match="upgrade celeriac"):
        count(newer)


def test_tables_that_were_dropped_are_made_again(postgres: PostgresServer) -> None:
    transport = PostgresTransport([postgres.url(schema="dropped")])
    assert count(transport) == 0
    postgres.execute("DROP SCHEMA dropped CASCADE")
    with pytest.raises(OperationalError, match="dropped"):
        count(transport)
    transport.link().run(transport.broker.publish([post("a")]), 60.0)
    assert count(transport) == 1
    transport.link().close()


def test_a_user_without_rights_is_told_what_to_do(postgres: PostgresServer) -> None:
    postgres.execute("DROP ROLE IF EXISTS nobody_much; CREATE ROLE nobody_much LOGIN")
    poor = PostgresTransport([postgres.url(user="nobody_much", schema="not_mine")])
    with pytest.raises(OperationalError, match="CREATE SCHEMA"):
        count(poor)
    postgres.execute("CREATE SCHEMA not_mine AUTHORIZATION nobody_much")
    assert count(poor) == 0
    poor.link().close()


def test_a_database_that_is_not_there_is_named(postgres: PostgresServer) -> None:
    transport = PostgresTransport([postgres.url().replace("/postgres", "/nowhere")])
    with pytest.raises(OperationalError, match=r"no database of that name.*nowhere"):
        count(transport)


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("postgresql://h/d", {"scheme": "x"}, "did you mean 'schema'"),
        ("postgresql://h/d?schema=No-Name", {}, "small letters"),
        ("postgresql://h/d", {"statement_timeout": "soon"}, "wrong type"),
        ("postgresql://h/d?nonsense=1", {}, "can't be read"),
        ("mysql://h/d", {}, "no PostgreSQL URL"),
        ("", {}, "is needed"),
    ],
)
def test_what_can_not_be_understood_is_refused(url: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        PostgresTransport([url], TransportOptions(options=options))


def test_passwords_are_not_shown() -> None:
    url = "postgresql://me:secret@a,b:5433/d?sslpassword=secret&sslmode=require"
    shown = PostgresTransport([url, "postgresql://you:secret@c/d"]).describe()
    assert "secret" not in shown
    assert shown == "postgresql://me:**@a,b:5433/d?sslpassword=**&sslmode=require;postgresql://you:**@c/d"
    with pytest.raises(ImproperlyConfigured) as refused:
        PostgresTransport(["postgresql://me:secret@h/d?nonsense=1"])
    assert "secret" not in str(refused.value)


def test_certificates_are_checked_unless_it_is_said_otherwise() -> None:
    def parameters(ssl: object) -> dict[str, object]:
        made = PostgresTransport(["postgresql://h/d"], TransportOptions(ssl=ssl))  # type: ignore[arg-type]
        return {name: value for name, value in made.place.servers[0].items() if name.startswith("ssl")}

    assert parameters(None) == {}
    assert parameters(True) == {"sslmode": "verify-full", "sslrootcert": "system"}
    assert parameters({"ca_certs": "/ca", "certfile": "/c", "keyfile": "/k"}) == {
        "sslmode": "verify-full", "sslrootcert": "/ca", "sslcert": "/c", "sslkey": "/k",
    }  # fmt: skip
    assert parameters({"cert_reqs": "none"}) == {"sslmode": "require"}
    with pytest.raises(ImproperlyConfigured, match="'ciphers'"):
        parameters({"ciphers": "x"})
