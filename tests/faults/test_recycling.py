"""Children that are replaced after every task lose none and repeat none."""

import pytest

from .conftest import Campaign, wait_for


@pytest.mark.timeout(380)
@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_new_process_for_every_task(pool: str, campaign: Campaign) -> None:
    campaign.fleet.arguments = ("-c", "2", "-P", pool, "--max-tasks-per-child", "1")
    campaign.fleet.start_ready(2)
    sent = campaign.send("work", count=500 if pool == "prefork" else 200)
    campaign.wait_ended(sent, 120)
    wait_for(lambda: campaign.waiting() == 0, 5)
    campaign.assert_nothing_lost()
    assert not campaign.letters()
    assert [worker.stop() for worker in campaign.fleet.workers] == [0, 0]
    if pool == "prefork":
        pids = [run.pid for runs in campaign.ledger.runs().values() for run in runs]
        assert len(set(pids)) == len(sent)
