"""RabbitMQ by hand: the sub-commands of `celeriac amqp`, and messages that come from other brokers."""

from __future__ import annotations

from click.testing import CliRunner, Result

from celeriac import Celeriac
from celeriac.cli.context import Session
from celeriac.cli.main import command_line
from celeriac.contrib.moving import Hold
from celeriac.core.ids import uuid
from celeriac.core.message import Queue
from celeriac.wire import envelope
from servers.rabbitmq_node import RabbitNode, rabbitmq

__all__ = ["rabbitmq"]


def say(app: Celeriac, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(command_line("celeriac"), list(words), obj=Session(app), input=given)


def test_exchanges_queues_and_messages_are_laid_got_and_deleted_by_hand(rabbitmq: RabbitNode) -> None:
    name = f"by-hand-{uuid()}"
    app = Celeriac("by_hand", broker=rabbitmq.url(), backend="disabled://", set_as_current=False)
    lines = (
        f"exchange.declare {name} topic false true",
        f"queue.declare {name} false true",
        f"queue.bind {name} {name} news.#",
        f"basic.publish hello {name} news.sport",
        f"queue.declare {name} true",
        f"basic.get {name}",
        "basic.ack 1",
        f"basic.get {name}",
        f"basic.publish nowhere {name} other",
        f"basic.publish again {name} news",
        f"queue.purge {name}",
        f"queue.delete {name}",
        f"exchange.delete {name}",
        f"queue.declare {name} true",
        "exit",
    )
    with app:
        done = say(app, "amqp", given="\n".join(lines) + "\n")
    assert done.exit_code == 0, done.output
    for told in (
        f"queue:{name} messages:0 consumers:0",
        f"queue:{name} messages:1 consumers:0",
        "routing_key: news.sport",
        "  hello",
        "No messages in queue",
        "no queue is bound to exchange",
        "1 messages deleted.",
        "0 messages deleted.",
        "NOT_FOUND",
    ):
        assert told in done.output, done.output


def test_what_is_got_and_not_acknowledged_is_there_again(rabbitmq: RabbitNode) -> None:
    name = f"by-hand-{uuid()}"
    app = Celeriac("by_hand", broker=rabbitmq.url(), backend="disabled://", set_as_current=False)
    with app:
        say(app, "amqp", "queue.declare", name, "false", "true")
        say(app, "amqp", "basic.publish", "kept", "", name)
        assert "  kept" in say(app, "amqp", "basic.get", name).output
        assert "  kept" in say(app, "amqp", "basic.get", name, "true").output
        assert "No messages in queue" in say(app, "amqp", "basic.get", name).output
        say(app, "amqp", "queue.delete", name)


def test_messages_move_from_another_broker_to_rabbitmq_and_back(rabbitmq: RabbitNode) -> None:
    name = f"moving-{uuid()}"
    old, new = f"memory://{name}", rabbitmq.url()
    app = Celeriac("moving", broker=old, backend="disabled://", set_as_current=False)
    with app:
        ids = [app.send_task("t", args=[number], queue=name, priority=2).id for number in range(30)]
        for way in ((old, new), (new, old)):
            done = say(app, "migrate", "-a", "-t", "0", "-Q", name, *way)
            assert done.exit_code == 0, done.output
            assert "30 messages moved." in done.output
        with Hold(app.transports.broker(old)) as hold:
            found = [envelope.decode(one.raw) for one in hold.take([Queue(name)], 100)]
        say(app, "-b", new, "amqp", "queue.delete", name)
    assert [message.headers["id"] for message in found] == ids
    assert {message.properties["priority"] for message in found} == {2}


def test_bindings_need_the_management_plugin_and_the_command_says_so(rabbitmq: RabbitNode) -> None:
    app = Celeriac("by_hand", broker=rabbitmq.url(), backend="disabled://", set_as_current=False)
    with app:
        done = say(app, "list", "bindings", "--management", "http://127.0.0.1:1")
    assert done.exit_code == 69
    assert "rabbitmq-plugins enable rabbitmq_management" in done.output
