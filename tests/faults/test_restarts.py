"""Workers that are asked to end: what runs ends or goes back, what was not begun goes back before they are gone."""

import signal
import time

from patience import in_time

from .conftest import HELD_UP, Campaign, wait_for


def test_rolling_restarts_lose_and_repeat_nothing(campaign: Campaign) -> None:
    fleet = campaign.fleet
    fleet.start_ready(2)
    sent = campaign.send("work", 0.005, count=2500) + campaign.send("work", count=1000)
    for _ in range(8):
        ended = len(campaign.ledger.ended())
        if ended == len(sent):
            break
        old = fleet.workers[0]
        fleet.replace(old).wait_ready()
        assert old.stop() == 0
        wait_for(lambda ended=ended: len(campaign.ledger.ended()) > min(ended + 100, len(sent) - 1), 20)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost()
    assert not campaign.letters()


def test_what_was_not_begun_is_back_in_the_queue_when_the_process_is_gone(campaign: Campaign) -> None:
    quick = campaign.send("work", count=300)  # makes the worker fetch ahead
    slow = campaign.send("wait_told", count=8)
    (worker,) = campaign.fleet.start_ready(1)
    campaign.wait_ended(quick, 20)
    wait_for(lambda: len(campaign.ledger.running()) == 2, 10)
    worker.signal(signal.SIGTERM)
    worker.wait_line("Warm shutdown")
    wait_for(lambda: campaign.waiting() == len(slow) - 2, 20)
    campaign.tell()
    assert worker.wait_end() == 0
    begun = set(campaign.ledger.runs()) & set(slow)
    assert begun == campaign.ledger.ended() & set(slow)  # what ran has ended
    assert campaign.waiting() == len(slow) - len(begun) == len(slow) - 2
    campaign.fleet.start_ready(1)
    campaign.wait_ended(slow, 30)
    campaign.assert_nothing_lost()


def test_sigquit_gives_running_tasks_back_at_once(campaign: Campaign) -> None:
    cold(campaign, signal.SIGQUIT)


def test_a_second_sigint_gives_running_tasks_back_at_once(campaign: Campaign) -> None:
    cold(campaign, signal.SIGINT, signal.SIGINT)


def cold(campaign: Campaign, *signals: int) -> None:
    (first,) = campaign.fleet.start_ready(1)
    sent = campaign.send("wait_told", count=6)
    wait_for(lambda: len(campaign.ledger.running()) == 2, 10)
    other = campaign.fleet.start().wait_ready()
    wait_for(lambda: len(campaign.ledger.running()) == 4, 10)
    interrupted = {id for id, runs in campaign.ledger.runs().items() if runs[0].pid in first.children()}
    assert len(interrupted) == 2
    for number in signals[:-1]:
        first.signal(number)
        first.wait_line("Warm shutdown")
    first.signal(signals[-1])
    first.wait_end()
    gone = time.monotonic()
    assert campaign.waiting() == 4  # two that were never begun, two that were
    fresh = campaign.fleet.start().wait_ready()
    wait_for(lambda: all(len(campaign.ledger.runs()[id]) == 2 for id in interrupted), 10)
    assert other.process.poll() is None
    campaign.tell()
    campaign.wait_ended(sent, 30)
    campaign.assert_nothing_lost()
    again = [campaign.ledger.runs()[id][1].begin for id in interrupted]
    assert in_time(max(again) - max(gone, fresh.ready_at), 1.0 + HELD_UP)


def test_running_tasks_of_a_cold_shutdown_run_elsewhere_within_a_second(campaign: Campaign) -> None:
    """A worker with free slots takes them."""
    (first,) = campaign.fleet.start_ready(1)
    sent = campaign.send("wait_told", count=2)
    wait_for(lambda: len(campaign.ledger.running()) == 2, 10)
    campaign.fleet.start_ready(1)
    first.signal(signal.SIGQUIT)
    first.wait_end()
    gone = time.monotonic()
    wait_for(lambda: all(len(runs) == 2 for runs in campaign.ledger.runs().values()), 10)
    assert in_time(max(runs[1].begin for runs in campaign.ledger.runs().values()) - gone, 1.0 + HELD_UP)
    campaign.tell()
    campaign.wait_ended(sent, 10)
    campaign.assert_nothing_lost()
