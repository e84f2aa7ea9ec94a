"""From what can go wrong with a connection to one OperationalError that says where, what and what to do."""

from psycopg import Error, errors

from ...core.errors import OperationalError

# Everything a connection can raise that means "the operation did not happen, or nobody knows".
FAILURES = (Error, OSError, TimeoutError)
# The server chose this transaction to give way to others: done again it may well pass.
AGAIN = (errors.DeadlockDetected, errors.SerializationFailure)

# first match wins
_ADVICE: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (errors.InvalidPassword, errors.InvalidAuthorizationSpecification),
        "refused the user name or password: check them in the URL, and pg_hba.conf",
    ),
    ((errors.InvalidCatalogName,), "has no database of that name: create it (createdb), or name another in the URL"),
    (
        (errors.InsufficientPrivilege,),
        "does not permit this user to do that: make the user the owner of the schema "
        "(CREATE SCHEMA celeriac AUTHORIZATION user)",
    ),
    ((errors.TooManyConnections,), "has no connection left: raise its max_connections, or lower broker_pool_limit"),
    (
        (errors.DuplicatePreparedStatement, errors.InvalidSqlStatementName),
        "gave one session to several clients: a pooler before it must keep sessions (PgBouncer: pool_mode = session)",
    ),
    ((errors.CannotConnectNow,), "is starting up or shutting down: try again soon"),
    (
        (errors.AdminShutdown, errors.CrashShutdown, errors.IdleInTransactionSessionTimeout),
        "closed the connection: try again soon",
    ),
    ((errors.ReadOnlySqlTransaction,), "is a read-only standby (after a failover?): name the primary in the URL"),
    ((errors.DiskFull,), "can't grow: its disk is full; nothing was stored"),
    ((errors.OutOfMemory, errors.ProgramLimitExceeded), "can't take a value this large: nothing was stored"),
    ((errors.QueryCanceled,), "gave up a statement (statement_timeout): is it overloaded, or something locked?"),
    (
        (errors.UndefinedTable, errors.InvalidSchemaName),
        "lacks our tables: were they dropped? They are made again. Or has a pooler before it forgotten our settings? "
        "It must keep sessions (PgBouncer: pool_mode = session)",
    ),
    ((errors.DataError,), "can't store a value"),
    (AGAIN, "found transactions in each other's way, again and again: is something else locking our tables?"),
    ((errors.ConnectionTimeout, TimeoutError), "did not answer in time: is it overloaded, or unreachable?"),
)

# After these a connection is of no more use, though it works: another one finds the primary, or makes the tables.
STALE = (errors.UndefinedTable, errors.InvalidSchemaName, errors.ReadOnlySqlTransaction)


def failure(where: object, error: BaseException) -> OperationalError:
    """The error to raise for a broken exchange with the server at `where` (which masks its password)."""
    advice = next((advice for types, advice in _ADVICE if isinstance(error, types)), _other(error))
    detail = " ".join(str(error).split())
    made = OperationalError(f"PostgreSQL at {where} {advice}" + (f" ({detail})" if detail else ""))
    made.__cause__ = error
    return made


def _other(error: BaseException) -> str:
    if isinstance(error, Error) and error.sqlstate is not None:
        return "refused the operation"
    text = str(error)
    if "password" in text or "authentication" in text:  # what libpq says of a refused connection has no code
        return "refused the user name or password: check them in the URL, and pg_hba.conf"
    if "read-only" in text:
        return "is a read-only standby (after a failover?): name the primary in the URL"
    if "does not exist" in text and "database" in text:
        return "has no database of that name: create it (createdb), or name another in the URL"
    return "can't be reached: is it running, and is the address right?"
