"""What a monitor makes of the events it hears, in whatever order they come."""

import pickle
import threading
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from celeriac.events.remembered import Task, Worker, heartbeat_expires
from celeriac.events.state import State


def task(kind: str, uuid: str = "a", **fields: Any) -> dict[str, Any]:
    now = time.time()
    about = {"type": f"task-{kind}", "uuid": uuid, "hostname": "w@here", "timestamp": now, "local_received": now}
    return {**about, "clock": 1, "pid": 1, "utcoffset": 0, **fields}


def worker(kind: str, hostname: str = "w@here", **fields: Any) -> dict[str, Any]:
    now = fields.pop("timestamp", time.time())
    return {
        "type": f"worker-{kind}",
        "hostname": hostname,
        "timestamp": now,
        "local_received": now,
        "freq": 60.0,  # a node is alive for two of them: not a matter of how long this process stands still
        **fields,
    }


LIFE = [
    task("sent", hostname="gen1@here", name="t", args="(1,)", queue="q", timestamp=1.0),
    task("received", name="t", args="(1,)", kwargs="{}", retries=0, timestamp=2.0),
    task("started", timestamp=3.0),
    task("succeeded", result="'r'", runtime=0.5, timestamp=4.0),
]


@given(st.permutations(LIFE))
def test_in_any_order_a_task_ends_where_it_ended(events: list[dict[str, Any]]) -> None:
    state = State()
    for event in events:
        state.event(dict(event))
    found = state.tasks["a"]
    assert (found.state, found.result, found.runtime, found.name, found.args) == ("SUCCESS", "'r'", 0.5, "t", "(1,)")
    assert (found.sent, found.received, found.started, found.succeeded) == (1.0, 2.0, 3.0, 4.0)
    assert (found.client, found.queue) == ("gen1@here", "q")
    assert found.ready and found.worker.hostname == "w@here"
    assert state.task_count == 1
    assert state.task_types() == ["t"]


def test_a_retry_is_told_though_it_was_started_before() -> None:
    state = State()
    for kind in ("received", "started", "retried"):
        state.event(task(kind))
    assert state.tasks["a"].state == "RETRY"
    state.event(task("started"))
    assert state.tasks["a"].state == "STARTED"


def test_an_event_of_a_program_is_a_state_of_its_name() -> None:
    state = State()
    (found, created), subject = state.event(task("progress", done=3))
    assert (created, subject, found.state, found.done) == (True, "progress", "PROGRESS", 3)


def test_the_longest_unheard_of_is_forgotten() -> None:
    state = State(max_tasks_in_memory=3, max_workers_in_memory=2)
    for id in "abcad":  # a is heard of again before d is
        state.event(task("received", id, name="t", hostname=f"{id}@here"))
    assert set(state.tasks) == {"c", "a", "d"}
    assert set(state.workers) == {"a@here", "d@here"}
    assert {id for id, _ in state.tasks_by_type("t")} <= {"a", "b", "c", "d"}
    assert [id for id, _ in state.tasks_by_worker("d@here")] == ["d"]


def test_workers_come_live_and_leave() -> None:
    said = []
    state = State(
        on_node_join=lambda one: said.append(("join", one.hostname)),
        on_node_leave=lambda one: said.append(("leave", one.hostname)),
    )
    state.event(worker("online", active=0))
    state.event(worker("heartbeat", active=3, processed=9))
    (found,) = state.alive_workers()
    assert (found.active, found.processed, found.status_string, found.id) == (3, 9, "ONLINE", "w@here.None")
    state.event(worker("offline"))
    assert said == [("join", "w@here"), ("leave", "w@here")]
    assert not list(state.alive_workers()) and not state.workers


def test_who_has_not_beaten_for_two_intervals_is_not_alive() -> None:
    state = State()
    state.event(worker("heartbeat", timestamp=time.time() - 5, freq=2.0))
    assert not list(state.alive_workers())
    assert heartbeat_expires(100.0, freq=2.0) == 104.0


def test_tasks_by_time_are_newest_first_and_may_be_limited() -> None:
    state = State()
    for number, id in enumerate("abc"):
        state.event(task("received", id, name="t", timestamp=float(number)))
    assert [id for id, _ in state.tasks_by_time()] == ["c", "b", "a"]
    assert [id for id, _ in state.tasks_by_time(limit=1, reverse=False)] == ["a"]
    assert [id for id, _ in state.itertasks(limit=2)] == ["a", "b"]


def test_children_are_found_by_their_parents() -> None:
    state = State()
    state.event(task("received", "a", name="t"))
    state.event(task("received", "b", name="t", parent_id="a", root_id="a"))
    assert [child.id for child in state.tasks["a"].children] == ["b"]
    assert state.tasks["b"].parent is state.tasks["a"] is state.tasks["b"].root
    assert state.tasks["b"].as_dict()["parent"] == "a"


def test_what_has_ended_is_forgotten_on_request() -> None:
    state = State()
    state.event(task("received", "a"))
    state.event(task("failed", "b", exception="E()", traceback=None))
    state.freeze_while(lambda: None, clear_after=True)
    assert list(state.tasks) == ["a"]
    state.clear(ready=False)
    assert not state.tasks and state.event_count == 0


def test_a_state_travels_in_a_pickle() -> None:
    state = State(max_tasks_in_memory=2)
    for event in LIFE:
        state.event(dict(event))
    copy = pickle.loads(pickle.dumps(state))
    assert copy.tasks["a"].result == "'r'"
    assert [id for id, _ in copy.tasks_by_type("t")] == ["a"]
    copy.event(task("received", "b"))
    copy.event(task("received", "c"))
    assert set(copy.tasks) == {"b", "c"}


def test_fields_are_those_that_monitors_know() -> None:
    assert {"uuid", "state", "client", "worker", "children"} <= set(Task._fields)
    assert {"hostname", "loadavg", "sw_ident", "heartbeats"} <= set(Worker._fields)
    assert Task("a", name="t").info() == {}
    assert Task("a", args="(1,)", retries=0).info() == {"args": "(1,)", "retries": 0}


def test_who_was_there_before_joins_when_it_is_first_heard_of() -> None:
    joined: list[Any] = []
    state = State(on_node_join=joined.append)
    state.event(worker("heartbeat"))
    state.event(worker("heartbeat"))
    assert [one.hostname for one in joined] == ["w@here"]


def test_events_of_elections_and_of_programs_do_no_harm() -> None:
    state = State()
    state.event(worker("elect", id="an election", topic="task", action=None, cver=1))
    state.event(worker("mine", alive=False, status_string="odd"))
    found = state.workers["w@here"]
    assert (found.id, found.alive, found.status_string) == ("w@here.None", True, "ONLINE")


def test_names_and_children_without_remembered_tasks_are_forgotten() -> None:
    state = State(max_tasks_in_memory=100, max_workers_in_memory=10)
    for number in range(5_000):
        state.event(task("received", str(number), name=f"t{number}", hostname=f"{number}@here", parent_id="root"))
        state.event(task("progress", "root", hostname="root@here"))
    assert len(state.tasks) == 100
    assert len(state.tasks_by_worker) < 2_000
    assert len(state.tasks_by_type) < 2_000
    root = state.tasks["root"]
    assert len(root._children) < 2_000
    assert {child.id for child in root.children} == set(state.tasks) - {"root"}


def test_groups_may_be_asked_for_while_events_come() -> None:
    state, over = State(), threading.Event()

    def come() -> None:
        number = 0
        while not over.is_set():
            number += 1
            state.event(task("received", str(number), name="t"))

    thread = threading.Thread(target=come)
    thread.start()
    try:
        found, end = 0, time.monotonic() + 60
        while found < 1_000:
            found = len(list(state.tasks_by_type("t")))
            assert time.monotonic() < end
    finally:
        over.set()
        thread.join()
