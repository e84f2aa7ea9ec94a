"""A program with queues of every kind and routes of every kind."""

import os
import re
from typing import Any

from celeriac import Celeriac, Exchange, Queue

from .notes import note

app = Celeriac("routed", broker=os.environ["PROGRAM_STORE"], backend=os.environ["PROGRAM_STORE"])

media = Exchange("media", type="direct")
logs = Exchange("logs", type="topic")
news = Exchange("news", type="fanout")


def by_arguments(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **rest: Any) -> Any:
    """A router that is a function."""
    return {"queue": "vip"} if kwargs and kwargs.get("vip") else None


class ByClass:
    """A router that is a class, as old programs have them."""

    def route_for_task(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return "from_class" if name == "routed.by_class" else None


app.conf.update(
    task_queues=[
        Queue("celery", Exchange("celery"), routing_key="celery"),
        Queue("images", media, routing_key="media.image"),
        Queue("videos", media, routing_key="media.video"),
        Queue("errors", logs, routing_key="*.error"),
        Queue("all_logs", logs, routing_key="#"),
        Queue("north", news),
        Queue("south", news),
        Queue("unconsumed", Exchange("unconsumed"), routing_key="unconsumed"),
    ],
    task_routes=[
        by_arguments,
        "scenarios.workers.routed.ByClass",
        {
            "routed.by_name": "by_name",
            "routed.glob.*": {"queue": "by_glob"},
            re.compile(r"routed\.(image|video)"): {"exchange": "media", "routing_key": "media.image"},
        },
    ],
)


def _where(self: Any) -> list[Any]:
    info = self.request.delivery_info
    note("ran", self.request.id)
    return [info["exchange"], info["routing_key"]]


for _name in ("plain", "by_name", "glob.one", "image", "by_class"):
    app.task(name=f"routed.{_name}", bind=True)(_where)
