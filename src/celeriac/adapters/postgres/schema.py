"""The tables, and how many processes that start at once create them exactly once."""

from typing import Final

from ...core.errors import OperationalError
from .request import Batch, Part, Statement, Work

VERSION: Final = 1

# Rows of messages are written three times (sent, claimed, deleted), so dead ones are cleared away early and often,
# however long the queue is. Pages keep room for a message's second version beside the first.
_BUSY: Final = (
    "autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, "
    "autovacuum_analyze_scale_factor = 0.2, autovacuum_analyze_threshold = 5000"
)
_MAKE: Final = (
    # `rank` is the priority upside down. `due` is there while a message waits in the delayed store, `owner` while it is
    # claimed; with neither it is ready. `claim` counts its claims, so that no tag is used twice.
    f"""CREATE TABLE messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue text NOT NULL,
       rank integer NOT NULL, due float8, owner text, claim integer NOT NULL DEFAULT 0,
       deliveries integer NOT NULL DEFAULT 0, raw bytea NOT NULL) WITH (fillfactor = 70, {_BUSY})""",
    "CREATE INDEX messages_ready ON messages (queue, rank, id) WHERE owner IS NULL AND due IS NULL",
    "CREATE INDEX messages_delayed ON messages (queue, due) WHERE due IS NOT NULL",
    "CREATE INDEX messages_held ON messages (owner) WHERE owner IS NOT NULL",
    """CREATE TABLE dead (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue text NOT NULL,
       rank integer NOT NULL, raw bytea NOT NULL, reason text NOT NULL, died_at float8 NOT NULL)""",
    f"""CREATE TABLE results (id text NOT NULL, kind text NOT NULL, state text NOT NULL, payload bytea NOT NULL,
       expires float8, PRIMARY KEY (id, kind)) WITH ({_BUSY})""",
    "CREATE INDEX results_expires ON results (expires) WHERE expires IS NOT NULL",
    """CREATE TABLE leases (name text PRIMARY KEY, holder text NOT NULL, term bigint NOT NULL,
       expires float8 NOT NULL) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0,
       autovacuum_vacuum_threshold = 200)""",
    "CREATE SEQUENCE terms",
    """CREATE TABLE bindings (exchange text NOT NULL, type text NOT NULL, key text NOT NULL, queue text NOT NULL,
       PRIMARY KEY (exchange, key, queue, type))""",
    # queues that go when nobody has claimed from them for `ttl` seconds (auto_delete, exclusive, expires)
    "CREATE TABLE passing (queue text PRIMARY KEY, ttl float8 NOT NULL, used float8 NOT NULL)",
    # what is told on the bus and has no room in a notification, for a minute
    """CREATE TABLE parcels (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload bytea NOT NULL,
       told float8 NOT NULL)""",
    # chords: a row a header, and a row a member of it that has ended (see joins.py)
    f"""CREATE TABLE joins (id text PRIMARY KEY, size integer, more integer NOT NULL DEFAULT 0,
       there integer NOT NULL DEFAULT 0, owner text NOT NULL DEFAULT '', held_until float8 NOT NULL DEFAULT 0,
       expires float8) WITH (fillfactor = 50, {_BUSY})""",
    "CREATE INDEX joins_expires ON joins (expires) WHERE expires IS NOT NULL",
    """CREATE TABLE parts (id text NOT NULL, place bigint NOT NULL, task text NOT NULL, payload bytea NOT NULL,
       PRIMARY KEY (id, place, task))""",
    "CREATE TABLE revoked (number bigint PRIMARY KEY, mark text NOT NULL UNIQUE, ends float8 NOT NULL)",
    "CREATE TABLE books (book text PRIMARY KEY, revision bigint NOT NULL)",
    """CREATE TABLE plans (book text NOT NULL, name text NOT NULL, definition bytea NOT NULL,
       paused boolean NOT NULL DEFAULT false, last bigint, ran bigint NOT NULL DEFAULT 0,
       runs bigint NOT NULL DEFAULT 0, task_id text NOT NULL DEFAULT '', PRIMARY KEY (book, name))
       WITH (fillfactor = 50)""",
    # `bindings` grows with every change of a binding, `revoked` is the number of the newest revocation
    "CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 50)",
    "INSERT INTO counters VALUES ('bindings', 1), ('revoked', 0)",
    "CREATE TABLE celeriac_version (version integer NOT NULL)",
    f"INSERT INTO celeriac_version VALUES ({VERSION})",
)
# of the tables
_NAMES: Final = sorted({words[2] for statement in _MAKE if (words := statement.split())[:2] == ["CREATE", "TABLE"]})
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('celeriac ' || %s, 0))"
_FIND: Final = """SELECT to_regclass(%s) IS NOT NULL, to_regnamespace(%s) IS NOT NULL, EXISTS
(SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = ANY(%s)),
current_setting('server_version_num')::int, current_setting('server_encoding')"""
_SET: Final = "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS given (name, value)"
_OLDEST: Final = 120000  # version 12


def session(schema: str, statement_timeout: float) -> Batch:
    """What every connection is told first.

    Each of our statements is meant for an index: the planner, which may have seen a table when it was empty, is not
    to think of another way. A client that stops in the middle of a transaction must not keep its locks for ever.
    """
    settings = {
        "search_path": f'"{schema}"',
        "statement_timeout": str(round(statement_timeout * 1000)),
        "idle_in_transaction_session_timeout": "5000",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "jit": "off",
    }
    names, values = list(settings), list(settings.values())
    return [Statement(_SET, (names, values))]


def ensure(schema: str, work: Work) -> Part[None]:
    """Create what is missing. Raises OperationalError for what belongs to others and for other versions."""
    (found,) = yield [_found(schema)]
    ready, _, _, server, encoding = found.rows[0]
    if server < _OLDEST:
        raise OperationalError(f"Celeriac needs PostgreSQL 12 or newer; this server is {server // 10000}.")
    if encoding not in ("UTF8", "SQL_ASCII"):
        raise OperationalError(f"Celeriac needs a database with ENCODING 'UTF8'; this one has {encoding}.")
    if not ready:
        yield from _create(schema)
    (version,) = yield [Statement("SELECT version FROM celeriac_version")]
    if version.rows != [(VERSION,)]:
        raise OperationalError(_wrong_version(schema, version.rows[0][0] if version.rows else 0))


def _found(schema: str) -> Statement:
    return Statement(_FIND, (f'"{schema}".celeriac_version', f'"{schema}"', f'"{schema}"', _NAMES))


def _create(schema: str) -> Part[None]:
    """One after the other: who waited for the lock finds it done."""
    yield [Statement(_LOCK, (schema,))]
    (found,) = yield [_found(schema)]
    ready, there, others, *_ = found.rows[0]
    if ready:
        return
    if others:
        raise OperationalError(
            f"The schema {schema!r} holds tables of something else: give Celeriac a schema of its own, "
            "broker_transport_options = {'schema': 'another'}."
        )
    make = [] if there else [Statement(f'CREATE SCHEMA "{schema}"')]
    yield [*make, *map(Statement, _MAKE)]


def _wrong_version(schema: str, version: int) -> str:
    found = f"The schema {schema!r} has version {version}, this Celeriac has {VERSION}"
    if version < VERSION:
        return f"{found}: let the release that made it drain it, then start with a new schema."
    return f"{found}: a newer Celeriac made it; upgrade celeriac here."
