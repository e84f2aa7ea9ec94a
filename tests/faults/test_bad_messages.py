"""Messages that are none: every one ends in the dead letters as it came, and disturbs nobody."""

import base64
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from celeriac.adapters.sqlite.entering import enter
from celeriac.adapters.sqlite.request import Write
from celeriac.core.ids import uuid

from .conftest import Campaign, wait_for

BAD = int(os.environ.get("FAULTS_FUZZ", "2000"))
GOOD = 500


def envelope(body: bytes | str | None = None, headers: Any = None, **properties: Any) -> dict[str, Any]:
    """A good message in kombu's form, but for what is given."""
    text = "[[], {}, {}]" if body is None else body
    encoded = base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
    return {
        "body": encoded,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "faults.subject.work", "id": uuid(), "retries": 0, **(headers or {})},
        "properties": {
            "correlation_id": uuid(),
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "celery"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": uuid(),
            **properties,
        },
    }


def changed(**fields: Any) -> str:
    return json.dumps({**envelope(), **fields})


# What each kind of garbage looks like; given a source of chance.
KINDS: list[Callable[[random.Random], str | bytes]] = [
    lambda chance: json.dumps(envelope())[: chance.randrange(1, 200)],
    lambda chance: changed(body="§§§ no base64 §§§"),
    lambda chance: changed(body="abc"),
    lambda chance: json.dumps(envelope(body=chance.randbytes(chance.randrange(1, 300)))),
    lambda chance: changed(**{"content-type": "application/x-evil"}),
    lambda chance: changed(**{"content-type": "application/x-python-serialize"}),
    lambda chance: changed(**{"content-type": None}),
    lambda chance: json.dumps(envelope(headers={"task": "no.such.task"})),
    lambda chance: json.dumps(envelope(headers={"task": ["faults.subject.work"]})),
    lambda chance: json.dumps(envelope(headers={"task": None})),
    lambda chance: json.dumps(envelope(headers={"id": {"a": 1}})),
    lambda chance: json.dumps(envelope(body="[" * 100_000)),
    lambda chance: json.dumps(envelope(body="[" * 50_000 + "]" * 50_000)),
    lambda chance: '{"headers": ' * 3000,
    lambda chance: json.dumps(envelope(headers={"retries": float("nan")})),
    lambda chance: json.dumps(envelope(headers={"timelimit": ["soon", {}]})),
    lambda chance: json.dumps(envelope(headers={"eta": "next tuesday"})),
    lambda chance: json.dumps(envelope(headers={"eta": 17})),
    lambda chance: json.dumps(envelope(headers={"compression": "no-such-compression"})),
    lambda chance: json.dumps(envelope(body='{"args": []}')),
    lambda chance: json.dumps(envelope(body="[[], {}]")),
    lambda chance: json.dumps(envelope(body='[[], [], "x"]')),
    lambda chance: json.dumps(envelope(body="null")),
    lambda chance: json.dumps({**envelope(body='{"task": 5, "id": []}'), "headers": {}}),
    lambda chance: json.dumps({**envelope(body='{"args": [], "kwargs": {}}'), "headers": {}}),
    lambda chance: json.dumps({**envelope(body='{"task": "faults.subject.work"}'), "headers": {}}),
    lambda chance: changed(headers=7),
    lambda chance: changed(properties=None),
    lambda chance: json.dumps(chance.choice([[], {}, 1, "x", None, True, [1, [2]]])),
    lambda chance: chance.randbytes(chance.randrange(1, 500)),
    lambda chance: b"\xff\xfe" + json.dumps(envelope()).encode(),
    lambda chance: b"\x93\x01" + chance.randbytes(40),
    lambda chance: b" ",
]


def bad_messages() -> list[bytes]:
    chance = random.Random(9)
    made = [KINDS[number % len(KINDS)](chance) for number in range(BAD - 2)]
    made += [json.dumps(envelope(body=b"x" * 8_000_000)), "{" + " " * 8_000_000]
    return [text.encode() if isinstance(text, str) else text for text in made]


def put(campaign: Campaign, raws: list[bytes]) -> None:
    """Straight into the queue, as no client of ours would."""
    if campaign.server is not None:
        with campaign.server.client() as client:
            client.lpush("celery", *raws)
        return
    link = campaign.app.transports.write.link()
    step = partial(enter, queue="celery", rank=0, due=None, rows=[(raw,) for raw in raws])

    def flow() -> Any:
        yield Write(step)

    link.run(flow(), 10)


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_garbage_is_kept_with_its_reason_and_harms_nobody(pool: str, campaign: Campaign) -> None:
    campaign.fleet.arguments = ("-c", "2", "-P", pool)
    raws = bad_messages()
    (worker,) = campaign.fleet.start_ready(1)
    children = worker.children()
    good: list[str] = []
    for start in range(0, len(raws), 100):
        put(campaign, raws[start : start + 100])
        good += campaign.send("work", count=GOOD * 100 // BAD)
    campaign.wait_ended(good, 60)
    wait_for(lambda: campaign.waiting() == 0, 30)
    wait_for(lambda: len(campaign.letters()) >= len(raws), 30, lambda: f"{missing(campaign, raws)}")
    letters = campaign.letters()
    assert Counter(letter.raw for letter in letters) == Counter(raws)
    assert all(letter.reason for letter in letters)
    assert {letter.queue for letter in letters} == {"celery"}
    assert worker.process.poll() is None
    assert worker.children() == children
    campaign.assert_nothing_lost()


def missing(campaign: Campaign, raws: list[bytes]) -> list[bytes]:
    """The garbage that is not among the dead letters, shortened."""
    left = Counter(raws) - Counter(letter.raw for letter in campaign.letters())
    return sorted({raw[:120] for raw in left})[:20]
