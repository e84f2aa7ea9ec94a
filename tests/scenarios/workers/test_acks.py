"""When a message is acknowledged, and what becomes of it otherwise: every rule, with a real worker."""

from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.exceptions import Reject, TimeLimitExceeded, WorkerLostError

from .letters import letter_of, letters, waiting
from .notes import notes_of
from .running import Command, until

TIMEOUT = 60


@pytest.fixture(autouse=True)
def _worker(program: Command) -> None:
    """All of these need it."""


def settled(client: Celeriac) -> bool:
    """Nothing waits, nothing is claimed: what was acknowledged is gone."""
    transport = client.transports.read
    assert transport.broker is not None
    return waiting(client, "celery") == [0]


def over_its_limit(name: str, task_id: str) -> str:
    """The line that tells of it."""
    return rf"Task program\.{name}\[{task_id}\]: hard time limit \(0\.3s\) exceeded"


def test_a_success_is_acknowledged(client: Celeriac) -> None:
    for name in ("early", "late"):
        result = client.send_task(f"program.{name}", ("well",))
        assert result.get(TIMEOUT) == "well"
        assert result.id not in letters(client)


@pytest.mark.parametrize("name", ["early", "late", "early_failing"])
def test_a_failure_is_acknowledged(client: Celeriac, home: Path, name: str) -> None:
    result = client.send_task(f"program.{name}", ("raise",))
    with pytest.raises(ValueError, match="as told"):
        result.get(TIMEOUT)
    until(lambda: settled(client))
    assert notes_of(home, result.id) == [["run", False]]
    assert result.id not in letters(client)


@pytest.mark.parametrize("name", ["keep_failures", "old_rule"])
def test_a_failure_is_kept_where_acks_on_failure_is_off(client: Celeriac, home: Path, name: str) -> None:
    result = client.send_task(f"program.{name}", ("raise",))
    with pytest.raises(ValueError, match="as told"):
        result.get(TIMEOUT)
    assert letter_of(client, result.id).reason == "the task raised ValueError('as told') and acks_on_failure is off"
    assert notes_of(home, result.id) == [["run", False]]


def test_a_kept_failure_can_be_run_again(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.keep_failures", ("raise",))
    letter = letter_of(client, result.id)
    transport = client.transports.read
    assert transport.dead is not None
    assert transport.link().run(transport.dead.replay([letter.id]), 10) == 1
    until(lambda: len(notes_of(home, result.id)) == 2)
    until(lambda: result.id in letters(client) and letters(client)[result.id].id != letter.id)


def test_a_final_reject_is_a_dead_letter_and_a_failure(client: Celeriac) -> None:
    result = client.send_task("program.rejecting", (False,))
    with pytest.raises(Reject):
        result.get(TIMEOUT)
    assert letter_of(client, result.id).reason == "rejected by the task: not wanted"


def test_a_reject_back_to_the_queue_is_run_again(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.rejecting", (True,))
    assert result.get(TIMEOUT) == "the second time"
    assert notes_of(home, result.id) == [["rejecting", False], ["rejecting", True]]


def test_what_is_rejected_again_and_again_does_not_keep_others_from_running(client: Celeriac, home: Path) -> None:
    enough = home / "notes.enough"
    enough.unlink(missing_ok=True)  # of the other store
    rejected = client.send_many([("program.rejecting_until", ("enough",))] * 4)
    assert client.send_task("program.add", (1, 1)).get(TIMEOUT) == 2
    enough.touch()
    assert [result.get(TIMEOUT) for result in rejected] == ["enough"] * 4


def test_a_reject_of_an_early_acknowledged_task_is_only_a_failure(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.early", ("reject",))
    with pytest.raises(Reject):
        result.get(TIMEOUT)
    assert result.id not in letters(client)
    assert notes_of(home, result.id) == [["run", False]]


def test_a_task_over_its_hard_limit_has_failed(client: Celeriac, home: Path, program: Command) -> None:
    result = client.send_task("program.ack_timeouts", ("sleep",))
    with pytest.raises(TimeLimitExceeded, match=r"0\.3"):
        result.get(TIMEOUT)
    program.wait_line(over_its_limit("ack_timeouts", result.id))
    until(lambda: settled(client))
    assert notes_of(home, result.id) in ([["run", False]], [])  # a process may stand still until it is killed
    assert len(program.matching(over_its_limit("ack_timeouts", result.id))) == 1


def test_where_acks_on_timeout_is_off_it_is_run_again_up_to_its_bound(client: Celeriac, program: Command) -> None:
    result = client.send_task("program.keep_timeouts", ("sleep",))
    letter = letter_of(client, result.id)
    assert letter.reason == "hard time limit of 0.3 s exceeded 4 times"
    most = 1 + client.conf.task_max_lost
    until(lambda: len(program.matching(over_its_limit("keep_timeouts", result.id))) == most)
    assert result.state == "FAILURE"


def test_a_task_that_kills_its_process_is_run_again_up_to_its_bound(
    client: Celeriac, home: Path, program: Command
) -> None:
    result = client.send_task("program.late", ("die",))
    with pytest.raises(WorkerLostError, match="exitcode 3"):
        result.get(TIMEOUT)
    program.wait_line(rf"WARNING.* Task program.late\[{result.id}\] runs again: .*exitcode 3")
    program.wait_line(rf"ERROR.* Task program.late\[{result.id}\] is in the dead letters: its process died 4 times")
    assert "its process died 4 times" in letter_of(client, result.id).reason
    assert notes_of(home, result.id) == [["run", False], ["run", True], ["run", True], ["run", True]]


def test_where_reject_on_worker_lost_is_off_it_has_failed_at_once(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.lost_is_failed", ("die",))
    with pytest.raises(WorkerLostError, match="exitcode 3"):
        result.get(TIMEOUT)
    until(lambda: settled(client))
    assert notes_of(home, result.id) == [["run", False]]
    assert result.id not in letters(client)


def test_where_retry_on_worker_lost_is_on_max_retries_bound_it_too(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.lost_is_tried", ("die",))
    with pytest.raises(WorkerLostError, match="exitcode 3"):
        result.get(TIMEOUT)
    assert "its process died 2 times" in letter_of(client, result.id).reason
    assert len(notes_of(home, result.id)) == 2


def test_an_early_acknowledged_task_that_kills_its_process_has_failed(
    client: Celeriac, home: Path, program: Command
) -> None:
    result = client.send_task("program.early", ("die",))
    with pytest.raises(WorkerLostError):
        result.get(TIMEOUT)
    program.wait_line(rf"ERROR.* Task program.early\[{result.id}\] is lost: .*exitcode 3")
    assert notes_of(home, result.id) == [["run", False]]
