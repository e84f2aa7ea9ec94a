"""Workers with everything switched on, under a mixed load, random commands, kills and cuts: nothing is lost, nobody
stalls, nothing grows.

FAULTS_SOAK=600 makes a soak of ten minutes on each store of the short one; -k chooses among redis, sqlite and rabbitmq.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from patience import in_time

from .conftest import HELD_UP, Campaign, wait_for
from .fleet import Fleet
from .soak.load import Load
from .soak.monitor import Monitor
from .soak.nodes import RECYCLING, SLOTS, Node
from .soak.orders import Orders
from .soak.stores import Store, made
from .soak.troubles import Troubles
from .soak.watch import Watch

SECONDS = float(os.environ.get("FAULTS_SOAK", "0"))
SHORT = {"redis": 30.0, "sqlite": 10.0, "rabbitmq": 20.0}  # a minute in all
WORKERS = 2
STALL = 5.0  # seconds
GROWTH = 16 * 1024  # KiB of a parent, from warm to the end
DRAIN = 60.0


class Soak:
    """One of them, from the first worker to the last."""

    def __init__(self, campaign: Campaign, store: Store, nodes: list[Node]) -> None:
        self.store = store
        self.campaign = campaign
        self.nodes = nodes
        self.watch = Watch(campaign.ledger, nodes)
        self.load = Load(campaign, self.watch.unended)
        self.orders = Orders(campaign.app, nodes, self.load, self.watch)
        self.troubles = Troubles(nodes, store)
        self.monitor = Monitor(campaign.app)

    def run(self, seconds: float) -> None:
        for one in (self.watch, self.monitor, self.load, self.orders, self.troubles):
            one.start()
        try:
            self.watch.join(seconds)  # unless it breaks
        finally:
            for one in (self.troubles, self.orders, self.load, self.monitor, self.watch):
                one.stop()

    def told(self) -> str:
        troubles, orders, watch = self.troubles, self.orders, self.watch
        return "\n".join(
            (
                str(self.campaign.ledger.verdict()),
                f"kills={troubles.kills} cuts={troubles.cuts} freezes={troubles.freezes} refused={self.load.refused}",
                f"stalls={watch.stalls} silent={watch.silent}",
                f"growth={ {node.name: watch.growth(node.name) for node in self.nodes} }",
                f"given={dict(orders.given)}",
                f"answered={dict(orders.answered)}",
                f"refused={orders.refused}",
                f"heard={dict(self.monitor.heard)}",
            )
        )

    def drain(self) -> None:
        """Everything that was promised ends, though nobody is troubled any more."""
        self.orders.settle()
        campaign = self.campaign
        campaign.wait_ended(campaign.ledger.acknowledged, DRAIN)
        wait_for(lambda: campaign.waiting() == 0, DRAIN)
        wait_for(self.store.drained, DRAIN)
        for node in self.nodes:
            wait_for(lambda node=node: len(node.children()) == SLOTS, DRAIN, lambda node=node: str(node.children()))
            # of those that die the last is waited for a moment later
            wait_for(lambda node=node: not node.zombies(), DRAIN, lambda node=node: str(node.zombies()))


@pytest.fixture(params=["redis", "sqlite", "rabbitmq"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with made(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def soak(store: Store, tmp_path: Path) -> Iterator[Soak]:
    given = {"SUBJECT_BROKER": store.broker, "SUBJECT_BACKEND": store.backend, "LEDGER": str(tmp_path / "ledger")}
    with Fleet(tmp_path, given) as fleet:  # it has none: these are other workers
        campaign = Campaign(store.broker, tmp_path, fleet)
        campaign.app = Celeriac("subject", broker=store.broker, backend=store.backend, set_as_current=False)
        # the last has no quotas: its processes get quick tasks several at a time
        quotas = [RECYCLING] * (WORKERS - 1) + [()]
        nodes = [Node(number, tmp_path, given, *some) for number, some in enumerate(quotas)]
        try:
            for node in nodes:
                node.wait_ready()
            yield Soak(campaign, store, nodes)
        finally:
            for node in nodes:
                if node.process.poll() is None:
                    node.kill()
            campaign.app.close()


@pytest.mark.timeout(180 + 2 * SECONDS)
def test_nothing_is_lost_nobody_stalls_and_nothing_grows(soak: Soak, request: pytest.FixtureRequest) -> None:
    soak.run(SECONDS or SHORT[request.node.callspec.params["store"]])
    soak.drain()
    told = soak.told()
    print(told)
    verdict = soak.campaign.ledger.verdict()
    assert not (verdict.lost or verdict.unexpected), told
    assert not verdict.overlaps or soak.store.duplicates, told
    repeats = soak.troubles.cuts * soak.store.duplicates * WORKERS
    assert verdict.duplicated <= soak.troubles.kills + repeats, told  # what had ended and was not reported yet
    assert in_time(max(soak.watch.stalls.values()), STALL + HELD_UP), told
    for node in soak.nodes:
        growth = soak.watch.growth(node.name)
        assert growth.rss_kib < GROWTH, told
        assert abs(growth.descriptors) <= 8, told
        assert abs(growth.threads) <= 2, told
        wait_for(lambda node=node: node.page("ready") == "ready\n", DRAIN)
    assert not soak.orders.refused, told
    assert {"task-succeeded", "worker-heartbeat"} <= soak.monitor.heard.keys(), told
    assert not soak.campaign.letters(), told
    assert [node.stop() for node in soak.nodes] == [0] * WORKERS, told
