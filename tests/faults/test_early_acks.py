"""With early acknowledgement a task that was begun may be lost with its process; one that was not, never."""

import os
import random
import signal

from .conftest import Campaign, wait_for

SLOTS = 2


def test_no_task_that_never_began_is_lost(campaign: Campaign) -> None:
    random.seed(3)
    fleet = campaign.fleet
    fleet.environment["SUBJECT_EARLY"] = "1"
    fleet.start_ready(2)
    sent = campaign.send("work", 0.003, count=3000)
    parents = children = 0
    while len(campaign.ledger.runs()) < 2500:
        begun = len(campaign.ledger.runs())
        victim = random.choice(fleet.workers)
        if parents <= children:
            victim.kill()
            fleet.replace(victim).wait_ready()
            parents += 1
        elif victim.children():
            os.kill(random.choice(victim.children()), signal.SIGKILL)
            children += 1
        wait_for(lambda begun=begun: len(campaign.ledger.runs()) > begun + 100, 30)
    backend = campaign.app.backend

    def done() -> bool:
        """Ended, or lost with its process and said to be so, or begun by a worker that is dead itself."""
        open_ones = set(sent) - set(campaign.ledger.runs())
        return all(backend.get_state(id) == "FAILURE" for id in open_ones)

    wait_for(done, 60, lambda: str(campaign.ledger.verdict()))
    wait_for(lambda: campaign.waiting() == 0, 10)
    verdict = campaign.ledger.verdict()
    # Between the acknowledgement and the first line of its body lie some microseconds.
    assert len(verdict.never_started) <= 1, verdict
    assert not verdict.unexpected, verdict
    assert len(verdict.lost) <= parents * SLOTS + children, verdict
    assert not campaign.letters()
