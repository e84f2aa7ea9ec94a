"""Stamps: what visitors are asked, and what is left on the tasks."""

from typing import Any

from celeriac import chain, chord, group
from celeriac.canvas import StampingVisitor


class Recorder(StampingVisitor):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_signature(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append(f"task {sig!r}")
        return {"stamp": len(self.seen)}

    def on_group_start(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append("group")
        return {"inside": "group"}

    def on_group_end(self, sig: Any, **headers: Any) -> None:
        self.seen.append("end of group")

    def on_chain_start(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append("chain")
        return {}

    def on_chain_end(self, sig: Any, **headers: Any) -> None:
        self.seen.append("end of chain")

    def on_chord_header_start(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append("header")
        return {}

    def on_chord_header_end(self, sig: Any, **headers: Any) -> None:
        self.seen.append("end of header")

    def on_chord_body(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append("body")
        return {}

    def on_callback(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append("callback")
        return {}

    def on_errback(self, sig: Any, **headers: Any) -> dict[str, Any]:
        self.seen.append("errback")
        return {}


def test_a_visitor_sees_every_part_in_its_order(add: Any, total: Any) -> None:
    whole = chain(add.s(1), chord([add.s(2)], total.s()))
    whole.tasks[0].link(add.s(3))
    whole.tasks[0].link_error(add.s(4))
    visitor = Recorder()
    whole.stamp(visitor)
    assert visitor.seen == [
        *("chain", "task add(1)", "callback", "task add(3)", "errback", "task add(4)"),
        *("header", "task add(2)", "end of header", "body", "task total()", "end of chain"),
    ]


def test_what_a_visitor_gives_for_a_group_is_on_its_members(add: Any) -> None:
    whole = group(add.s(1), add.s(2))
    whole.stamp(Recorder())
    assert [task.options["inside"] for task in whole.tasks] == ["group", "group"]
    assert set(whole.tasks[0].options["stamped_headers"]) == {"stamp", "inside"}


def test_stamps_arrive_with_each_task_of_a_workflow(app: Any, worker: Any) -> None:
    @app.task(name="stamped", bind=True)
    def stamped(self: Any, before: Any = ()) -> Any:
        return [*before, self.request.stamps]

    result = chain(stamped.s(), stamped.s()).stamp(customer="c1").apply_async()
    worker.work()
    assert result.get(timeout=5) == [{"customer": "c1"}, {"customer": "c1"}]


def test_appended_stamps_keep_what_was_there(add: Any) -> None:
    sig = add.s(1).stamp(a=1).stamp(append_stamps=True, a=2)
    assert sig.options["a"] == [2, 1]


def test_links_alone_can_be_stamped(add: Any) -> None:
    sig = add.s(1)
    sig.link(dict(add.s(2)))
    sig.stamp_links(None, a=1)
    assert "a" not in sig.options
    assert sig.options["link"][0]["options"]["a"] == 1
