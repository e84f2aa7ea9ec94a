"""Workflows have the JSON form that real Celery gives them, and start with the messages and joins it starts with."""

import base64
import json
import re

import pytest

from celeriac import Celeriac, canvas
from celeriac.wire import envelope

from . import vectors, workflows

RECORDED = vectors.load("workflows")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Where we do otherwise on purpose.
CALLS_OF_OUR_OWN = {
    "nested groups": "Celery numbers the members of an inner group from 0 again",
    "nested group in a header": "Celery sends the members of an inner group last to first behind the others",
    "chain to a group in a header": "our header has one part per member: a group at its end is gathered by a task",
    "chord to a group": "Celery gives the members of the body the id of the header's group",
    "group, tasks": "Celery's result has the header for parent, and the tasks between are not to be seen",
    "chord to a chain": "as before",
}


@pytest.fixture(scope="module")
def known():
    app = Celeriac("x", broker="memory://", backend="memory://", set_as_current=False)

    @app.task(name="add", shared=False)
    def add(x, y=0): ...

    @app.task(name="total", shared=False)
    def total(numbers): ...

    app.set_current()
    yield workflows.names(canvas, add, total)
    app.close()


@pytest.mark.parametrize("name", workflows.FORMS)
def test_a_workflow_has_the_form_that_celery_gives_it(known, name):
    ours = json.loads(json.dumps(eval(workflows.FORMS[name], known)))
    assert plain(ours) == plain(RECORDED["forms"][name])


@pytest.mark.parametrize("name", workflows.FORMS)
def test_a_workflow_comes_back_from_its_json_as_what_it_was(known, name):
    made = eval(workflows.FORMS[name], known)
    back = canvas.signature(json.loads(json.dumps(made)))
    assert json.loads(json.dumps(back)) == json.loads(json.dumps(made))
    kind = canvas.Signature.TYPES.get(made["subtask_type"], canvas.Signature)
    assert type(back) is kind


class Hand:
    """Takes what an app sends, as it would go out."""

    def __init__(self):
        self.sent, self.joins = [], []

    def __call__(self, app):
        def launch(calls, joins, options, pieces=()):
            self.joins += joins
            self.sent += app.prepare(calls)

        app.launch = launch
        app.publisher.publish = lambda posts, *how, **more: self.sent.extend(posts)
        return self


@pytest.mark.parametrize("name", [name for name in workflows.CALLS if name not in CALLS_OF_OUR_OWN])
def test_a_call_starts_with_the_messages_that_celery_sends(known, name):
    hand = Hand()(known["add"].app)
    result = eval(workflows.CALLS[name], known)
    recorded = RECORDED["calls"][name]
    theirs = [message(raw) for raw in recorded["sent"]]
    ours = [message(envelope.encode_kombu(post.message)) for post in hand.sent]
    sizes = {key[len("celery-taskset-meta-") : -2]: int(value) for key, value in recorded["keys"].items()}
    told = {
        "sent": theirs,
        "joins": sizes,
        "result": recorded["result"],
    }
    asked = {
        "sent": ours,
        "joins": {join.group: join.size for join in hand.joins},
        "result": None if result is None else result.as_tuple(),
    }
    assert named(asked) == named(told)


def message(raw):
    """What a message says, without what is different each time."""
    document = json.loads(raw)
    headers = {key: value for key, value in document["headers"].items() if key != "origin"}
    properties = {key: document["properties"].get(key) for key in ("correlation_id", "reply_to", "priority")}
    return {"headers": headers, "properties": properties, "body": json.loads(base64.b64decode(document["body"]))}


def named(document):
    """Ids become numbers in the order in which they appear: they differ each time, but their places must not."""
    numbers = {}
    text = UUID.sub(lambda found: numbers.setdefault(found[0], f"#{len(numbers)}"), json.dumps(plain(document)))
    return json.loads(text)


def plain(value):
    """A document without what makes no difference to any reader."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: plain(one) for key, one in value.items()}
    if "subtask_type" in made:
        made.pop("chord_size", None)
        options = made["options"]
        made["options"] = {
            key: options[key] for key in sorted(options) if options[key] is not None and options[key] is not False
        }
        if isinstance(options.get("stamped_headers"), list):
            made["options"]["stamped_headers"] = sorted(options["stamped_headers"])
        if not made["kwargs"].get("kwargs", True):
            del made["kwargs"]["kwargs"]
        header = made["kwargs"].get("header")
        if isinstance(header, dict) and header["subtask_type"] == "group" and not header["options"]:
            made["kwargs"]["header"] = header["kwargs"]["tasks"]
    if "callbacks" in made and "errbacks" in made:
        made["chain"] = made["chain"] or None
    return made
