"""A worker whose broker went away hears commands and knows revocations again when it is back."""

from celeriac.core.ids import uuid

from .conftest import Campaign, wait_for


def test_commands_are_heard_again_after_the_broker_was_away(redis_campaign: Campaign) -> None:
    campaign = redis_campaign
    control = campaign.app.control
    campaign.fleet.start_ready(1)
    assert control.ping(timeout=60, limit=1) == [{"w1@x": {"ok": "pong"}}]
    revoked = campaign.send("work", count=50, countdown=600)
    control.revoke(revoked)
    server = campaign.server
    assert server is not None
    server.stop()
    server.start()
    wait_for(lambda: control.ping(timeout=0.5) == [{"w1@x": {"ok": "pong"}}], 30)
    inspect = control.inspect(timeout=20, limit=1)
    wait_for(lambda: set((inspect.revoked() or {}).get("w1@x", ())) == set(revoked), 30)
    again = campaign.send("work", count=20)
    campaign.wait_ended(again, 30)
    assert campaign.fleet.workers[0].stop() == 0


def test_what_was_revoked_in_another_database_is_read_anew(redis_campaign: Campaign) -> None:
    """The broker was emptied: its versions begin anew, and what is revoked after that is not overlooked."""
    campaign = redis_campaign
    server = campaign.server
    assert server is not None
    campaign.app.control.revoke([f"old-{number}" for number in range(100)])
    (worker,) = campaign.fleet.start_ready(1)
    campaign.wait_ended(campaign.send("work", count=5), 30)
    server.flush()
    late = uuid()
    # Nobody but the store is told of this one.
    store = campaign.app.transports.write.revocations  # type: ignore[attr-defined]
    campaign.app.transports.write.link().run(store.revoke([f"task:{late}"], 600, 100), 20)
    campaign.app.send_task("faults.subject.work", task_id=late)
    wait_for(campaign.app.AsyncResult(late).ready, 30)
    assert campaign.app.AsyncResult(late).state == "REVOKED"
    assert late not in campaign.ledger.runs()
    assert worker.stop() == 0
