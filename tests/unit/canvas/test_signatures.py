"""Signatures: how they take arguments and options, how they are copied, linked and called."""

import copy
import json
import pickle
from typing import Any

import pytest

from celeriac import Celeriac, Signature, chain, chord, group, maybe_signature, signature


def test_given_arguments_go_before_its_own(add: Any) -> None:
    assert add.s(2).clone((1,)).args == (1, 2)
    assert add.s(2)(1) == 3


def test_given_keywords_overrule_its_own(mark: Any) -> None:
    assert mark.s(a=1, b=2).clone(kwargs={"a": 3}).kwargs == {"a": 3, "b": 2}


def test_an_immutable_signature_takes_options_but_no_arguments(add: Any) -> None:
    cloned = add.si(1, 2).clone((5,), {"y": 7}, queue="x")
    assert (cloned.args, cloned.kwargs, cloned.options) == ((1, 2), {}, {"queue": "x"})


def test_a_group_id_and_stamps_are_not_overruled_by_a_call(add: Any) -> None:
    sig = add.s(1).set(group_id="g", stamped_headers=["a"], a=1)
    cloned = sig.clone(group_id="other", stamped_headers=["b"])
    assert (cloned.options["group_id"], cloned.options["stamped_headers"]) == ("g", ["a"])


def test_what_is_done_to_a_copy_leaves_the_original_alone(add: Any) -> None:
    sig = add.s(1)
    sig.link(add.s(2))
    for cloned in (sig.clone(), copy.copy(sig), copy.deepcopy(sig), signature(sig)):
        cloned.link(add.s(3))
        cloned.set(queue="x")
    assert sig.options == {"link": [add.s(2)]}


def test_the_parts_of_a_copied_workflow_are_copies(add: Any, total: Any) -> None:
    for whole in (chain(add.s(1), add.s(2)), group(add.s(1), add.s(2)), chord([add.s(1)], total.s())):
        before = json.dumps(whole)
        for task in whole.clone().tasks:
            task.set(queue="x")
        assert json.dumps(whole) == before


def test_a_callback_is_linked_once(add: Any) -> None:
    sig = add.s(1)
    assert sig.link(add.s(2)) == add.s(2)
    sig.link(add.s(2))
    assert sig.options["link"] == [add.s(2)]
    assert sig.on_error(add.s(3)) is sig
    assert sig.flatten_links() == [sig, add.s(2)]


def test_a_link_that_was_given_alone_becomes_a_list_when_another_comes(add: Any) -> None:
    sig = add.s(1).set(link=add.s(2))
    sig.link(add.s(3))
    assert sig.options["link"] == [add.s(2), add.s(3)]


def test_a_signature_survives_pickle_and_equals_its_dict(add: Any) -> None:
    whole = chain(add.s(1), group(add.s(2), add.s(3)))
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert type(pickle.loads(pickle.dumps(whole))) is type(whole)
    assert dict(add.s(1)) == add.s(1)


def test_what_is_no_signature_stays_what_it_is() -> None:
    assert maybe_signature(None) is None
    assert maybe_signature(5) == 5
    assert type(maybe_signature({"task": "x", "args": (), "kwargs": {}, "options": {}})) is Signature


def test_a_signature_belongs_to_its_tasks_app_unless_it_is_given_another(app: Celeriac, add: Any) -> None:
    with Celeriac("other", broker="memory://", backend="memory://", set_as_current=False) as other:
        assert add.s(1).app is app
        assert other.signature("add").app is other
        assert signature("add", app=other).app is other
        assert (other.signature("add") | other.signature("add")).app is other


def test_a_task_known_by_name_only_is_sent(app: Celeriac, worker: Any) -> None:
    result = app.signature("elsewhere.task", args=(1,)).delay()
    assert worker.step() == 1
    assert result.id


def test_calls_with_options_of_the_signature_and_of_the_call(app: Celeriac, add: Any, worker: Any) -> None:
    result = add.s(2).set(task_id="mine", queue="nowhere").apply_async((1,), queue="celery")
    worker.work()
    assert (result.id, result.get(timeout=5)) == ("mine", 3)


def test_a_tilde_sends_and_waits(app: Celeriac, add: Any) -> None:
    app.conf.task_always_eager = True
    assert ~add.s(1, 2) == 3
    assert ~(add.s(1, 2) | add.s(3)) == 6


def test_ids_that_were_given_are_kept_when_it_is_sent(add: Any, worker: Any) -> None:
    sig = add.s(1, 1)
    frozen = sig.freeze("mine", root_id="root", parent_id="parent", group_id="g", group_index=3)
    assert (sig.id, sig.root_id, sig.parent_id, frozen.id) == ("mine", "root", "parent", "mine")
    assert sig.options["group_index"] == 3
    assert sig.apply_async().id == "mine"


def test_a_frozen_chain_carries_the_given_id_at_its_end(add: Any) -> None:
    whole = add.s(1, 1) | add.s(2)
    assert whole.freeze("last").id == "last"
    assert whole.id == "last"
    assert whole.apply_async().id == "last"


def test_it_can_be_read_by_people(app: Celeriac, add: Any, total: Any) -> None:
    assert repr(add.s(1, y="a")) == "add(1, y='a')"
    assert repr(add.s(1) | add.s(2)) == "add(1) | add(2)"
    assert repr(group(add.s(1), add.s(2))) == "group([add(1), add(2)])"
    assert repr(group()) == "group(<empty>)"
    assert repr(chord([add.s(1)], total.s())) == "%total([add(1)])"
    assert repr(chord([add.s(1)], total.s() | add.s(2))) == "%(total([add(1)]) | add(2))"
    assert repr(chord([add.s(1)])) == "<chord without body: [add(1)]>"
    assert repr(total.map([[1]])) == "[total(x) for x in [[1]]]"
    assert repr(add.starmap([(1, 2)])) == "[add(*x) for x in [(1, 2)]]"
    assert "empty" in repr(chain())


def test_only_signatures_can_be_piped(add: Any) -> None:
    with pytest.raises(TypeError):
        add.s(1) | "text"


def test_links_of_a_whole_group_say_what_to_use_instead(add: Any) -> None:
    for option in ("link", "link_error"):
        with pytest.raises(TypeError, match="chord"):
            group(add.s(1, 1)).apply_async(**{option: add.s(1)})


def test_a_chord_without_body_says_what_is_missing(add: Any) -> None:
    with pytest.raises(ValueError, match="needs a body"):
        chord([add.s(1, 1)]).apply_async()
    with pytest.raises(ValueError, match="needs a body"):
        chord([add.s(1, 1)]).apply()


def test_chunks_of_nothing_are_refused(add: Any) -> None:
    with pytest.raises(ValueError, match="at least one"):
        add.chunks([(1, 1)], 0).group()


def test_wrong_arguments_are_found_before_anything_is_sent(add: Any, worker: Any) -> None:
    with pytest.raises(TypeError, match="argument"):
        group(add.s(1, 2), add.s(1, 2, 3)).apply_async()
    assert worker.step() == 0


def test_an_empty_chain_has_no_result_and_an_empty_group_has_an_empty_one(app: Celeriac) -> None:
    assert chain().apply_async() is None
    assert chain().apply() is None
    assert group().apply_async().get(timeout=1) == []


def test_text_is_no_list_of_arguments(add: Any) -> None:
    for call in (add.s().apply_async, group(add.s()).apply_async, add.s().clone, add.s().apply):
        with pytest.raises(TypeError, match="args must be a list or tuple, not str"):
            call("ab")


def test_a_chord_called_with_a_body_goes_where_the_bodys_app_sends_it(app: Any, add: Any, worker: Any) -> None:
    """Its header is of names that no app has made a signature of."""
    header = chord([signature("add", args=(1, 1)), signature("add", args=(2, 2))])
    with Celeriac("other", broker="memory://not-there", backend="memory://not-there"):  # the current app
        result = header(app.tasks["total"].s())
    assert worker.work() == 3
    assert result.get(timeout=5) == 6
