"""A process that publishes, claims, settles and recovers until it is killed; it keeps a ledger of what it was told.

Run as: python sqlite_churn.py URL LEDGER. One line per fact, written with O_APPEND before or after the operation:
"try ID" before publishing it, "ok ID" once the publish returned, "end ID" once its acknowledgement returned True.
"""

import itertools
import os
import random
import sys

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.core.delivery import Action, Settlement
from celeriac.core.errors import LeaseLost
from celeriac.core.message import Queue
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import post
from celeriac.wire import envelope


def note(ledger: int, word: str, ids: list[str]) -> None:
    """One write, so that lines of several processes do not mix."""
    if ids:
        os.write(ledger, "".join(f"{word} {id}\n" for id in ids).encode())


def main(url: str, path: str) -> None:
    ledger = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    transport = SQLiteTransport([url])
    link, broker = transport.link(), transport.broker
    owner = os.urandom(8).hex()
    queues = [Queue("celery")]
    link.run(transport.lease.acquire(f"worker/{owner}", owner, 0.3), 60.0)
    for round in itertools.count():
        ids = [f"{owner}-{round}-{number}" for number in range(random.randint(1, 5))]
        note(ledger, "try", ids)
        link.run(broker.publish([post(id) for id in ids]), 60.0)
        note(ledger, "ok", ids)
        if not link.run(transport.lease.renew(f"worker/{owner}", owner, 0.3), 60.0):
            link.run(transport.lease.acquire(f"worker/{owner}", owner, 0.3), 60.0)
        try:
            claim = link.run(broker.claim(owner, queues, 8), 60.0)
        except LeaseLost:
            continue
        batch = []
        for delivery in claim.deliveries:
            id = envelope.decode(delivery.raw).headers["id"]
            action = random.choice((Action.ACK, Action.ACK, Action.ACK, Action.REQUEUE))
            record = Record(id, "SUCCESS", b"{}") if action is Action.ACK else None
            batch.append((id, Settlement(delivery, action, record)))
        settled = link.run(broker.settle(owner, [settlement for _, settlement in batch]), 60.0)
        ended = [
            id
            for (id, settlement), done in zip(batch, settled, strict=True)
            if done and settlement.action is Action.ACK
        ]
        note(ledger, "end", ended)
        if round % 10 == 0:
            link.run(broker.recover(envelope.redelivered), 60.0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
