"""The systems that are compared: how each one's worker and client are started."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APPS = ROOT / "bench" / "apps"
OWN_BIN = Path(sys.executable).parent
CELERY_BIN = ROOT / ".venv-celery" / "bin"
CONCURRENCY = "2"


@dataclass(frozen=True, slots=True)
class System:
    """One column of the report."""

    key: str
    title: str
    worker: tuple[str, ...]
    client: tuple[str, ...]
    python: str
    import_line: str = ""
    cwd: Path = APPS
    env: Mapping[str, str] = field(default_factory=dict)
    embedded: bool = False  # on SQLite: no server, and messages come from its own client
    rabbit: bool = False  # on RabbitMQ, results on Redis; messages come from Celeriac's client
    rpc: bool = False  # there, results as messages to whoever sent the task
    postgres: bool = False  # on PostgreSQL, results too; messages come from its own client
    fast: bool = True  # drains the big number of messages in seconds


def _with_command(key: str, title: str, bin: Path, command: str, module: str, **more: object) -> System:
    worker = (str(bin / command), "-A", module, "worker", "-c", CONCURRENCY, "-l", "warning")
    python = str(bin / "python")
    return System(key, title, worker, (python, "client.py", module), python, **more)  # type: ignore[arg-type]


CELERIAC = _with_command(
    "celeriac", "Celeriac", OWN_BIN, "celeriac", "ours", import_line="from celeriac import Celeriac"
)
SQLITE = _with_command("sqlite", "Celeriac, SQLite", OWN_BIN, "celeriac", "ours", embedded=True)
CELERY = _with_command(
    "celery", "Celery", CELERY_BIN, "celery", "theirs", import_line="from celery import Celery", fast=False
)
# what Celery's optimizing guide advises for many short tasks; all else it advises is the default by now
TUNED = _with_command(
    "tuned", "Celery, prefetch 64", CELERY_BIN, "celery", "theirs", env={"BENCH_PREFETCH": "64"}, fast=False
)
RABBIT = replace(CELERIAC, key="rabbit", title="Celeriac, RabbitMQ", rabbit=True)
# as it comes: publishes are not confirmed, so what its client sends may be lost
RABBIT_CELERY = replace(CELERY, key="rabbit_celery", title="Celery, RabbitMQ", rabbit=True)
RABBIT_CONFIRMED = replace(
    RABBIT_CELERY, key="rabbit_confirmed", title="Celery, RabbitMQ, confirmed", env={"BENCH_CONFIRM": "1"}
)
RPC = replace(RABBIT, key="rpc", title="Celeriac, rpc://", rpc=True, env={"BENCH_BACKEND": "rpc://"})
# results that are confirmed but, like Celery's, not written to disk
RPC_TRANSIENT = replace(
    RPC, key="rpc_transient", title="Celeriac, rpc://, transient", env={**RPC.env, "BENCH_TRANSIENT": "1"}
)
# as it comes: results are neither confirmed nor written to disk
RPC_CELERY = replace(RABBIT_CELERY, key="rpc_celery", title="Celery, rpc://", rpc=True, env={"BENCH_BACKEND": "rpc://"})
POSTGRES = replace(CELERIAC, key="postgres", title="Celeriac, PostgreSQL", postgres=True)
FLOOR = System(
    "floor",
    "Floor",
    (sys.executable, "-m", "bench.floor"),
    (sys.executable, "-m", "bench.floor_client"),
    sys.executable,
    cwd=ROOT,
)
OVERLAPPED = replace(FLOOR, key="overlapped", title="Floor, overlapped", env={"BENCH_OVERLAP": "1"})

SYSTEMS = (
    CELERIAC,
    CELERY,
    TUNED,
    FLOOR,
    OVERLAPPED,
    SQLITE,
    RABBIT,
    RABBIT_CELERY,
    RABBIT_CONFIRMED,
    RPC,
    RPC_TRANSIENT,
    RPC_CELERY,
    POSTGRES,
)
