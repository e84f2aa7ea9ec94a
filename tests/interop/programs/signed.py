"""An app whose messages are signed; INTEROP_KEYS names the folder of the keys, INTEROP_WHO whose this process has."""

import os
from typing import Any

from either import make_app

KEYS = os.environ["INTEROP_KEYS"]
WHO = os.environ["INTEROP_WHO"]

app = make_app(
    "signed",
    task_serializer="auth",
    result_serializer="auth",
    event_serializer="auth",
    accept_content=["auth"],
    security_key=f"{KEYS}/{WHO}.key",
    security_certificate=f"{KEYS}/{WHO}.pem",
    security_cert_store=f"{KEYS}/trusted/*.pem",
    task_default_queue="signed",
)
app.setup_security()


@app.task(name="s.join")
def join(*words: str) -> str:
    return "-".join(words)


@app.task(name="s.fail")
def fail() -> None:
    raise ValueError("no")


def calls() -> Any:
    """Results, a failure, a chain and a chord, and what workers say when they are asked."""
    failed = fail.delay()
    chain = join.s("a", "b") | join.s("c")
    return [
        join.delay("ä", "b").get(timeout=60),
        type(failed.get(timeout=60, propagate=False)).__name__,
        chain.apply_async().get(timeout=60),
        [reply["ok"] for answer in app.control.ping(timeout=5) for reply in answer.values()],
    ]


def send(count: int) -> list[str]:
    return [join.delay("from", WHO).id for _ in range(count)]
