"""A PostgreSQL that restarts, is cut off, stands still or is locked: errors in time, and work again afterwards."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from celeriac.adapters.postgres import PostgresTransport
from celeriac.adapters.postgres.request import Answer, Ask, Statement
from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Queue
from celeriac.core.ports import TransportOptions
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import post
from patience import until
from servers.gate import Gate
from servers.ports import free_port
from servers.postgres_server import PostgresServer

# What has a deadline of a second at most ends within this on any machine that runs the tests.
IN_TIME = 30.0
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'celeriac'"
_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'celeriac'"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def transport(server: PostgresServer) -> Iterator[PostgresTransport]:
    """On a server where nobody is left who could still do what an earlier test gave up."""
    server.execute(_END)
    until(lambda: server.execute(_CONNECTIONS) == [(0,)])
    transport = PostgresTransport([server.url()], TransportOptions(pool_limit=2, connect_timeout=30.0))
    transport.link().run(transport.broker.purge(["celery"]), 60.0)
    yield transport
    transport.link().close()


def count(transport: PostgresTransport) -> int:
    return transport.link().run(transport.broker.count(["celery"]), 60.0)["celery"]


def refused_in_time(operation: Callable[[], object], said: str) -> None:
    begin = time.monotonic()
    with pytest.raises(OperationalError, match=said):
        operation()
    assert time.monotonic() - begin < IN_TIME


def test_a_server_that_is_not_there_is_named_at_once() -> None:
    transport = PostgresTransport([f"postgresql://me:secret@127.0.0.1:{free_port()}/d"])
    refused_in_time(lambda: count(transport), r"postgresql://me:\*\*@127.* can't be reached")


def test_of_several_servers_one_that_is_there_is_used(server: PostgresServer) -> None:
    away = f"postgresql://tester@127.0.0.1:{free_port()}/postgres"
    transport = PostgresTransport([away, server.url()])
    assert count(transport) >= 0
    transport.link().close()


def test_a_standby_is_told_from_a_primary(server: PostgresServer) -> None:
    """One that lets nobody write looks like it."""
    server.execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
    server.execute("ALTER ROLE reader SET default_transaction_read_only = on")
    standby = server.url(user="reader")
    refused_in_time(lambda: count(PostgresTransport([standby])), "read-only standby")
    transport = PostgresTransport([standby, server.url()])
    assert count(transport) >= 0
    transport.link().close()


async def test_a_primary_that_becomes_a_standby_is_left(server: PostgresServer) -> None:
    server.execute("DROP ROLE IF EXISTS former; CREATE ROLE former LOGIN SUPERUSER")
    transport = PostgresTransport([server.url(user="former"), server.url()])
    link = await transport.alink()
    for run in (transport.link().run, link.run):
        server.execute("ALTER ROLE former RESET default_transaction_read_only")
        assert await done(run(transport.broker.count(["celery"]), 60.0)) == {"celery": 0}
        server.execute("ALTER ROLE former SET default_transaction_read_only = on")
        await done(run(set_read_only(), 60.0))
        with pytest.raises(OperationalError, match="read-only standby"):
            await done(run(transport.broker.publish([post("a")]), 60.0))
        await done(run(transport.broker.publish([post("a")]), 60.0))
        assert await done(run(transport.broker.purge(["celery"]), 60.0)) == 1
    await link.close()
    transport.link().close()


def set_read_only() -> Flow[None]:
    """What a demoted server does to every session."""
    yield Ask([Statement("SET default_transaction_read_only = on")])


async def done(value: Any) -> Any:
    """Of either colour."""
    return await value if asyncio.iscoroutine(value) else value


def test_a_restart_costs_one_error_at_most(server: PostgresServer, transport: PostgresTransport) -> None:
    transport.link().run(transport.broker.publish([post("a")]), 60.0)
    server.stop()
    refused_in_time(lambda: count(transport), "PostgreSQL at")
    server.start()
    assert count(transport) == 1


def test_a_connection_that_was_closed_while_it_was_idle_is_not_used(
    server: PostgresServer, transport: PostgresTransport
) -> None:
    for number in range(3):
        transport.link().run(transport.broker.publish([post(f"n{number}")]), 60.0)
        server.execute(_END)
        until(lambda: server.execute(_CONNECTIONS) == [(0,)])
    assert count(transport) == 3


def test_a_server_that_says_nothing_is_waited_for_until_the_deadline(server: PostgresServer) -> None:
    with Gate(server.port) as gate:
        transport = PostgresTransport([server.url(gate.port)])
        assert count(transport) >= 0
        gate.shut()
        refused_in_time(
            lambda: transport.link().run(transport.broker.publish([post("a")]), 0.5), "did not answer in time"
        )
        gate.open()
        assert count(transport) >= 0
        transport.link().close()


async def test_so_it_is_in_async_code(server: PostgresServer) -> None:
    with Gate(server.port) as gate:
        transport = PostgresTransport([server.url(gate.port)])
        link = await transport.alink()
        await link.run(transport.broker.count(["celery"]), 60.0)
        gate.shut()
        begin = time.monotonic()
        with pytest.raises(OperationalError, match="did not answer in time"):
            await link.run(transport.broker.publish([post("a", priority=1), post("b" * 10_000_000)]), 0.5)
        assert time.monotonic() - begin < IN_TIME
        gate.open()
        await link.run(transport.broker.count(["celery"]), 60.0)
        await link.close()


async def test_a_connection_that_ends_in_the_middle_of_an_operation_is_reported_and_left(
    transport: PostgresTransport,
) -> None:
    link = await transport.alink()
    for run in (transport.link().run, link.run):
        for _ in range(5):
            with pytest.raises(OperationalError, match="PostgreSQL at"):
                await done(run(end_yourself(), 60.0))
            assert await done(run(transport.broker.count(["celery"]), 60.0)) == {"celery": 0}
    gc.collect()  # what was left half done would complain now
    await link.close()


def end_yourself() -> Flow[None]:
    end = Statement("SELECT pg_terminate_backend(pg_backend_pid())")
    yield Ask([Statement("SELECT 1"), end, *[Statement("SELECT pg_sleep(0.01)")] * 50])


async def test_what_is_committed_has_happened_though_nobody_could_be_told_of_it(
    server: PostgresServer, transport: PostgresTransport, caplog: pytest.LogCaptureFixture
) -> None:
    link = await transport.alink()
    for run in (transport.link().run, link.run):
        caplog.clear()
        answers = await done(run(stored_and_not_told(), 60.0))
        assert [answer.rows for answer in answers] == [[(1,)], [(2,)]]
        assert ["division by zero" in record.getMessage() for record in caplog.records] == [True]
        assert await done(run(transport.broker.count(["celery"]), 60.0)) == {"celery": 0}
    assert server.execute("SELECT count(*) FROM celeriac.dead") == [(2,)]
    server.execute("TRUNCATE celeriac.dead")
    await link.close()


def stored_and_not_told() -> Flow[list[Answer]]:
    bury = "INSERT INTO dead (queue, rank, raw, reason, died_at) VALUES ('', 0, '', '', 0) RETURNING 1"
    answers: list[Answer] = yield Ask([Statement(bury), Statement("SELECT 2")], [Statement("SELECT 1 / 0")])
    return answers


async def test_what_was_refused_has_not_happened_and_nobody_is_told(transport: PostgresTransport) -> None:
    link = await transport.alink()
    for run in (transport.link().run, link.run):
        with pytest.raises(OperationalError, match="division by zero"):
            await done(run(refused(), 60.0))
        assert await done(run(transport.broker.count(["celery"]), 60.0)) == {"celery": 0}
    await link.close()


def refused() -> Flow[None]:
    yield Ask([Statement("SELECT 1 / 0")], [Statement("SELECT pg_notify('x', '')")])


async def test_cancelling_an_operation_costs_the_others_nothing(transport: PostgresTransport) -> None:
    link = await transport.alink()
    await link.run(transport.broker.publish([post("a")]), 60.0)
    for _ in range(5):
        doomed = asyncio.create_task(link.run(transport.broker.publish([post("b" * 100_000)]), 60.0))
        await asyncio.sleep(0)
        doomed.cancel()
        assert (await link.run(transport.broker.count(["celery"]), 60.0))["celery"] >= 1
        with pytest.raises(asyncio.CancelledError):
            await doomed
    await link.close()


def test_a_table_that_stays_locked_is_given_up_and_nothing_was_done(
    server: PostgresServer, transport: PostgresTransport
) -> None:
    short = PostgresTransport([server.url()], TransportOptions(options={"statement_timeout": 0.3}))
    assert count(short) == 0
    with server.client() as other:
        other.execute("BEGIN; LOCK TABLE celeriac.messages")
        refused_in_time(lambda: short.link().run(short.broker.publish([post("a")]), 60.0), "gave up a statement")
        refused_in_time(lambda: transport.link().run(transport.broker.publish([post("a")]), 0.3), "in time")
        # Whoever left in the middle of a statement may still be waiting for the lock, or be about to.
        server.execute(_END)
        until(lambda: server.execute(_CONNECTIONS) == [(0,)])
        other.execute("ROLLBACK")
    assert count(short) == 0
    short.link().close()


def test_an_ear_says_that_it_was_cut_off_and_hears_again(server: PostgresServer, transport: PostgresTransport) -> None:
    ear = transport.link().listen()
    ear.add(["news"])
    server.stop()
    refused_in_time(lambda: ear.next(60.0), "PostgreSQL at")
    refused_in_time(lambda: ear.next(60.0), "PostgreSQL at")
    server.start()
    assert ear.next(0.01) is None  # it listens again
    transport.link().run(transport.bus.tell("news", b"back"), 60.0)
    assert ear.next(60.0) == ("news", b"back")
    ear.close()


async def test_an_async_ear_and_a_bell_do_the_same(server: PostgresServer, transport: PostgresTransport) -> None:
    link = await transport.alink()
    ear, bell = await link.listen(), await link.bell([Queue("celery")])
    await ear.add([transport.results.channel("a")])
    server.stop()
    for waiting in (ear.next(60.0), bell.wait(60.0)):
        with pytest.raises(OperationalError):
            await waiting
    server.start()
    assert await ear.next(0.01) is None
    assert await bell.wait(0.01) in (True, False)
    await link.run(transport.results.store([Record("a", "SUCCESS", b"1")]), 60.0)
    assert await ear.next(60.0) == (transport.results.channel("a"), b"")
    await link.run(transport.broker.publish([post("a")]), 60.0)
    assert await bell.wait(60.0)
    await ear.close()
    await bell.close()
    await link.close()


def test_a_refused_password_is_told_as_such(server: PostgresServer) -> None:
    rules = server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    server.execute("DROP ROLE IF EXISTS careful; CREATE ROLE careful LOGIN PASSWORD 'right'")
    rules.write_text("host all careful 127.0.0.1/32 md5\n" + before)
    server.execute("SELECT pg_reload_conf()")
    wrong = PostgresTransport([server.url().replace("tester", "careful:wrong")])
    try:
        until(lambda: "password" in refusal(wrong))
        assert "check them in the URL" in refusal(wrong)
        assert "wrong" not in refusal(wrong)
    finally:
        rules.write_text(before)
        server.execute("SELECT pg_reload_conf()")


def refusal(transport: PostgresTransport) -> str:
    try:
        count(transport)
    except OperationalError as error:
        return str(error)
    transport.link().close()
    return ""


def test_a_pooler_that_keeps_no_sessions_is_named(transport: PostgresTransport) -> None:
    """What it does: a statement was prepared in a session which is somebody else's by now."""
    link = transport.link()
    for _ in range(5):
        count(transport)
    link.run(another_session(), 60.0)
    refused_in_time(lambda: count(transport), "must keep sessions")
    assert count(transport) >= 0


def another_session() -> Flow[None]:
    yield Ask([Statement("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")])
