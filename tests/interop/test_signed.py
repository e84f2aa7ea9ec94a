"""Signed messages between real Celery and us, both ways; what nobody known has signed is not run and not lost."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.redis_server import RedisServer
from watched import until
from wire.signing import Signer

from .fleet import Side, environment, run_client, start_worker

WAYS: list[tuple[Side, Side]] = [("celery", "celeriac"), ("celeriac", "celery")]
SEPARATOR = b"\x00\x01"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Celery and Celeriac trust each other; nobody knows the stranger, and the old one's time is over."""
    folder = tmp_path_factory.mktemp("keys")
    trusted = folder / "trusted"
    trusted.mkdir()
    for name in ("celery", "celeriac", "stranger"):
        signer = Signer(folder, name)
        if name != "stranger":
            (trusted / f"{name}.pem").write_bytes(signer.cert_path.read_bytes())
    before = dict(os.environ)
    os.environ["INTEROP_KEYS"] = str(folder)
    yield folder
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way[0]}-client-{way[1]}-worker")
def test_each_side_runs_what_the_other_has_signed(
    way: tuple[Side, Side], server: RedisServer, home: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.flush()
    client, worker = way
    monkeypatch.setenv("INTEROP_WHO", worker)
    with start_worker(worker, server.url, home, app="signed"):
        monkeypatch.setenv("INTEROP_WHO", client)
        answer = run_client(client, server.url, "signed:calls")
    assert answer == ["ä-b", "ValueError", "a-b-c", ["pong"]]


def test_what_nobody_known_has_signed_is_a_dead_letter_with_the_reason(
    server: RedisServer, home: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.flush()
    monkeypatch.setenv("INTEROP_WHO", "celery")
    (good,) = run_client("celery", server.url, "signed:send", count=1)
    with server.client() as redis:
        (message,) = redis.lrange("signed", 0, -1)
        redis.lpush("signed", *(_with_body(message, id, body) for id, body in _wrong(json.loads(message)["body"])))
    monkeypatch.setenv("INTEROP_WHO", "stranger")
    (strange,) = run_client("celery", server.url, "signed:send", count=1)
    monkeypatch.setenv("INTEROP_WHO", "celeriac")
    with start_worker("celeriac", server.url, home, "-c", "1", app="signed") as worker:
        worker.wait_line(rf"Task s\.join\[{good}\] succeeded")
        letters = until(lambda: _letters(server.url, home, 4), 60)
    reasons = {letter["task_id"]: letter["reason"] for letter in letters}
    assert set(reasons) == {"changed", "plain", "unsigned", strange}
    assert "Bad signature" in reasons["changed"]
    assert "not signed" in reasons["plain"]
    assert "accept_content" in reasons["unsigned"]
    assert "Unknown certificate" in reasons[strange]


def _wrong(body: str) -> list[tuple[str, str]]:
    """The same message: its arguments changed, not signed at all, and not even said to be."""
    parts = base64.b64decode(base64.b64decode(body)).split(SEPARATOR, 4)
    plain = parts[4]
    changed = base64.b64encode(SEPARATOR.join([*parts[:4], plain.replace(b"celery", b"nobody")]))
    return [
        ("changed", base64.b64encode(changed).decode()),
        ("plain", base64.b64encode(plain).decode()),
        ("unsigned", base64.b64encode(plain).decode()),
    ]


def _with_body(message: bytes, id: str, body: str) -> bytes:
    document = json.loads(message)
    document["body"] = body
    document["headers"]["id"] = document["properties"]["correlation_id"] = id
    if id == "unsigned":
        document["content-type"] = "application/json"
    return json.dumps(document).encode()


def _letters(url: str, home: Path, count: int) -> list[dict[str, str]]:
    """The dead letters, if there are so many."""
    words = (sys.executable, "-m", "celeriac", "-A", "signed", "dead", "list", "--json")
    environ = {**os.environ, **environment("celeriac", url)}
    done = subprocess.run(words, cwd=home, env=environ, capture_output=True, text=True, check=True, timeout=60)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return found if len(found) == count else []
