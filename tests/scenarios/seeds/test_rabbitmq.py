"""RabbitMQ as broker and rpc as result store: a worker, a client that asks until it is ready, a schedule of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dropin.running import PYTHON, celery, run, worker
from servers.rabbitmq_server import RabbitServer

NOTIFY = """
# notify_friends.py
from celery import Celery
import time
app = Celery('notify_friends', backend='rpc://', broker='amqp://localhost')

@app.task
def notify_friends(userId, newsId):
    print('Start to notify_friends task at {0}, userID:{1} newsID:{2}'.format(time.ctime(), userId, newsId))
    time.sleep(0.2)
    print('Task notify_friends succeed at {0}'.format(time.ctime()))
    return True
"""
CALL = """
# call_notify_friends.py

from notify_friends import notify_friends
import time

def notify(userId, messageId):
    result = notify_friends.delay(userId, messageId)
    while not result.ready():
        time.sleep(1)
    print(result.get(timeout=1))

if __name__ == '__main__':
    notify('001', '001')
"""
CONFIG = """
# config.py
from datetime import timedelta

CELERYBEAT_SCHEDULE = {
    'select_populate_book': {
        'task': 'favorite_book.select_populate_book',
        'schedule': timedelta(seconds=1),
    },
}
"""
FAVORITE = """
#favorite_book.py
from celery import Celery
import time

app = Celery('select_populate_book', backend='rpc://', broker='amqp://localhost')
app.config_from_object('config')

@app.task
def select_populate_book():
    print('Start to select_populate_book task at {0}'.format(time.ctime()))
    time.sleep(0.2)
    print('Task select_populate_book succeed at {0}'.format(time.ctime()))
    return True
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RabbitServer]:
    """One for both tests."""
    with RabbitServer() as started:
        yield started


def write(folder: Path, server: RabbitServer, **programs: str) -> None:
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(text.replace("amqp://localhost", server.url()))


def test_a_client_asks_until_the_result_is_there(tmp_path: Path, server: RabbitServer) -> None:
    write(tmp_path, server, notify_friends=NOTIFY, call_notify_friends=CALL)
    with worker(tmp_path, "-A", "notify_friends", "worker", "--loglevel=info") as running:
        done = run(tmp_path, PYTHON, "call_notify_friends.py")
        assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
        running.wait_line(r"Start to notify_friends task at .*, userID:001 newsID:001")
        running.wait_line(r"Task notify_friends\.notify_friends\[.*\] succeeded in .*s: True")
        assert ".> results:     rpc://" in running.text


def test_a_beat_of_its_own_sends_what_is_due(tmp_path: Path, server: RabbitServer) -> None:
    write(tmp_path, server, favorite_book=FAVORITE, config=CONFIG)
    with (
        celery(tmp_path, "-A", "favorite_book", "beat", "--loglevel=info") as beat,
        worker(tmp_path, "-A", "favorite_book", "worker", "--loglevel=info") as running,
    ):
        beat.wait_line(r"Sending due task select_populate_book \(favorite_book\.select_populate_book\)", 60)
        running.wait_line(r"Task favorite_book\.select_populate_book\[.*\] succeeded in .*s: True", 60)
        for line in ("celery beat v", ". loader -> ", ". scheduler -> ", "beat: Starting..."):
            assert line in beat.text
